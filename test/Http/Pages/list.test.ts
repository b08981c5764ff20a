import { expect, it } from "@effect/vitest"
import { inBrowser } from "../../support/Browser/Suite.ts"
import { run, useBlankPage } from "./blank.ts"

inBrowser("list.js", () => {
  const { blank } = useBlankPage()

  const lines = `
    window.line = (id) => ({
      key: "event-" + id, at: id, instance: "loja", server: "default", event: "call", origin: "live", summary: "s" + id, json: "{}", size: 2
    })
    const element = dom.h("div", { role: "listbox", tabindex: "0", "aria-label": "Events heard" })
    document.body.append(element)
    window.chosen = []
    window.shown = list.makeList(element, ({ key }) => chosen.push(key))
    window.active = () => element.getAttribute("aria-activedescendant")`

  it("moves through the lines by keyboard, with the focus on the list", () =>
    blank(async (page) => {
      await run(page, ["dom", "list"], lines)
      await run(page, [], "shown.draw([3, 2, 1].map(line))")
      await page.getByRole("listbox", { name: "Events heard" }).focus()
      const at = async (key: string) => {
        await page.keyboard.press(key)
        return run(page, [], "return active()")
      }
      expect(await at("ArrowDown")).toBe("event-3")
      expect(await at("ArrowDown")).toBe("event-2")
      expect(await at("ArrowUp")).toBe("event-3")
      expect(await at("ArrowUp")).toBe("event-3")
      expect(await at("End")).toBe("event-1")
      expect(await at("ArrowDown")).toBe("event-1")
      expect(await at("Home")).toBe("event-3")
      expect(await at("PageDown")).toBe("event-1")
      expect(await at("PageUp")).toBe("event-3")
      await page.keyboard.press("Enter")
      expect(await run(page, [], "return chosen")).toEqual(["event-3"])
      const selected = page.getByRole("option", { selected: true })
      expect(await selected.getAttribute("id")).toBe("event-3")
    }))

  it("keeps the active line while lines come, and loses it when that line goes", () =>
    blank(async (page) => {
      await run(page, ["dom", "list"], lines)
      await run(page, [], "shown.draw([2, 1].map(line))")
      await page.getByRole("listbox").focus()
      await page.keyboard.press("End")
      await run(page, [], "shown.draw([4, 3, 2, 1].map(line))")
      expect(await run(page, [], "return active()")).toBe("event-1")
      await page.keyboard.press("ArrowUp")
      expect(await run(page, [], "return active()")).toBe("event-2")
      await run(page, [], "shown.draw([5, 4, 3].map(line))")
      expect(await run(page, [], "return active()")).toBe(null)
      await page.keyboard.press("Enter")
      expect(await run(page, [], "return chosen")).toEqual([])
      await run(page, [], "shown.draw([])")
      expect(await page.getByRole("listbox").isVisible()).toBe(false)
    }))

  it("chooses a line by a click anywhere in it", () =>
    blank(async (page) => {
      await run(page, ["dom", "list"], lines)
      await run(page, [], "shown.draw([2, 1].map(line))")
      await page.getByText("s1").click()
      expect(await run(page, [], "return [chosen, active()]")).toEqual([["event-1"], "event-1"])
    }))
})
