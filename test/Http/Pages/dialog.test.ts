import { expect, it } from "@effect/vitest"
import { eventually, inBrowser } from "../../support/Browser/Suite.ts"
import { run, useBlankPage } from "./blank.ts"

inBrowser("dialog.js and notices.js", () => {
  const { blank, visitUrl } = useBlankPage()

  const dialog = `
    window.owner = new AbortController()
    window.open = () => dialog.openDialog("Title", (inside) => {
      window.inside = inside
      return dom.h("p", {}, "content")
    }, owner.signal)
    document.body.append(dom.h("div", {}, dom.button("start", open), dom.button("stop", () => {})))`

  it("close a dialog by Escape, by its button and beside it, with all that belongs to it", () =>
    blank(async (page) => {
      await run(page, ["dom", "dialog"], dialog)
      const close = [
        () => page.keyboard.press("Escape"),
        () => page.getByRole("button", { name: "Close" }).click(),
        () => page.mouse.click(5, 5)
      ]
      for (const way of close) {
        await page.getByRole("button", { name: "Start" }).click()
        await page.getByRole("dialog", { name: "Title" }).waitFor()
        expect(await run(page, [], "return inside.signal.aborted")).toBe(false)
        await way()
        await eventually(() => page.locator("dialog").count()).toBe(0)
        expect(await run(page, [], "return inside.signal.aborted")).toBe(true)
        expect(await run(page, [], "return document.activeElement.textContent")).toBe("Start")
      }
    }))

  it("leave a dialog open that is clicked inside, and end it with its owner", () =>
    blank(async (page) => {
      await run(page, ["dom", "dialog"], dialog)
      await page.getByRole("button", { name: "Start" }).click()
      await page.getByText("content").click()
      await page.getByRole("heading", { name: "Title" }).click()
      expect(await page.locator("dialog").count()).toBe(1)
      await run(page, [], "owner.abort()")
      await eventually(() => page.locator("dialog").count()).toBe(0)
    }))

  it("give the focus to a neighbour of a pressed button that is hidden by then", () =>
    blank(async (page) => {
      await run(page, ["dom", "dialog"], dialog)
      const start = page.getByRole("button", { name: "Start" })
      await start.click()
      await run(page, [], "document.querySelector('div > button').hidden = true")
      await page.keyboard.press("Escape")
      await eventually(() => run(page, [], "return document.activeElement.textContent")).toBe(
        "Stop"
      )
    }))

  it("show a success for a while, and a failure until the next action", () =>
    visitUrl(async (page, url) => {
      await page.clock.install()
      await page.goto(`${url}/pair`)
      await run(
        page,
        ["notices"],
        `window.end = new AbortController()
         window.told = notices.makeNotices(end.signal)
         document.body.replaceChildren(told.element)
         told.tell("It worked")`
      )
      const [done, failed] = [page.getByRole("status"), page.getByRole("alert")]
      expect(await done.textContent()).toBe("It worked")
      await page.clock.runFor(9000)
      expect(await done.textContent()).toBe("")
      await run(page, [], `told.tell("Again"); told.fail("It failed")`)
      expect([await done.textContent(), await failed.textContent()]).toEqual(["", "It failed"])
      await page.clock.runFor(60_000)
      expect(await failed.textContent()).toBe("It failed")
      await run(page, [], `told.tell("It worked at last")`)
      expect(await failed.textContent()).toBe("")
    }))
})
