import { expect, it } from "@effect/vitest"
import { eventually, inBrowser } from "../../support/Browser/Suite.ts"
import { run, useBlankPage } from "./blank.ts"

inBrowser("dom.js", () => {
  const { blank } = useBlankPage()

  const keyed = `
    window.rows ??= new Map()
    window.list ??= document.body.appendChild(dom.h("ul"))
    window.draw = (names) => dom.keyed(list, rows, names, (name) => name, (name) => {
      const element = dom.h("li", {}, dom.h("button", { type: "button" }, name))
      element.made = (window.made = (window.made ?? 0) + 1)
      return { element, update: () => element.updates = (element.updates ?? 0) + 1 }
    })
    window.seen = () => [...list.children].map((one) => one.textContent).join("")`

  it("keeps rows that exist when others come, go or move", () =>
    blank(async (page) => {
      const orders = ["abc", "xabyc", "bc", "cb", "", "dcba", "dcba", "abcd"]
      const seen = await run(
        page,
        ["dom"],
        `${keyed}; return ${JSON.stringify(orders)}.map((order) => { draw([...order]); return seen() })`
      )
      expect(seen).toEqual(orders)
      expect(await run(page, [], "return rows.size")).toBe(4)
    }))

  it("leaves the focus on a row when others come before it", () =>
    blank(async (page) => {
      await run(page, ["dom"], `${keyed}; draw(["b"])`)
      await page.getByRole("button", { name: "b" }).focus()
      await run(page, ["dom"], `draw(["a", "b", "c"]); draw(["b", "c"])`)
      expect(await run(page, [], "return document.activeElement.textContent")).toBe("b")
      expect(await run(page, [], "return [made, list.firstChild.updates]")).toEqual([3, 3])
    }))

  it("changes the tree only where a value differs", () =>
    blank(async (page) => {
      const changes = await run(
        page,
        ["dom"],
        `const node = document.body.appendChild(dom.h("p", { id: "x", hidden: true }, "text"))
         let changes = 0
         const observer = new MutationObserver((all) => changes += all.length)
         observer.observe(node, { attributes: true, childList: true, characterData: true, subtree: true })
         dom.setText(node, "text"); dom.show(node, false); dom.setAttribute(node, "id", "x"); dom.setAttribute(node, "title", null)
         changes += observer.takeRecords().length
         const before = changes
         dom.setText(node, "other"); dom.show(node, true); dom.setAttribute(node, "title", "t")
         changes += observer.takeRecords().length
         return [before, changes > 2, node.outerHTML]`
      )
      expect(changes).toEqual([0, true, '<p id="x" title="t">other</p>'])
    }))

  it("makes elements whose text stays text", () =>
    blank(async (page) => {
      const hostile = '<img src=x onerror="document.title=1">'
      await run(
        page,
        ["dom"],
        `document.body.append(dom.h("p", { title: ${JSON.stringify(hostile)} }, ${JSON.stringify(hostile)}, null, false))`
      )
      expect(await page.locator("p").textContent()).toBe(hostile)
      expect(await page.locator("img").count()).toBe(0)
    }))

  it("finds an element by id, or names the missing one", () =>
    blank(async (page) => {
      const said = await run<string>(
        page,
        ["dom"],
        `document.body.append(dom.h("p", { id: "x" }))
         try { dom.byId("x", HTMLInputElement) } catch (error) { return String(error) }`
      )
      expect(said).toBe('Error: The page has no HTMLInputElement "x"')
    }))

  it("ignores presses of a busy button, which keeps the focus", () =>
    blank(async (page) => {
      await run(
        page,
        ["dom"],
        `window.presses = 0
         document.body.append(dom.button("create", () => { presses++; return new Promise((done) => window.finish = done) }))`
      )
      const button = page.getByRole("button", { name: "Create" })
      await button.click()
      await button.click({ force: true })
      expect(await run(page, [], "return presses")).toBe(1)
      expect(await button.getAttribute("aria-disabled")).toBe("true")
      expect(await run(page, [], "return document.activeElement.tagName")).toBe("BUTTON")
      await run(page, [], "finish()")
      await eventually(() => button.getAttribute("aria-disabled")).toBe(null)
      await button.click()
      expect(await run(page, [], "return presses")).toBe(2)
    }))
})
