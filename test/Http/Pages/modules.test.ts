import { afterAll, beforeAll, expect, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import type { Page } from "playwright-core"
import { eventually, inBrowser } from "../../support/Browser/Suite.ts"
import { visit } from "../../support/Browser.ts"
import { house, serve } from "../Service.ts"

inBrowser("the pages' modules", () => {
  const scope = Effect.runSync(Scope.make())
  let url = ""
  beforeAll(async () => {
    const service = await Effect.runPromise(Scope.extend(serve(house()), scope))
    url = service.url
  }, 60_000)
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  /** A page with nothing on it, where our modules may be imported and nothing else may happen. */
  const blank = (test: (page: Page) => Promise<void>) =>
    visit({ origins: [url] }, async (page) => {
      await page.goto(`${url}/pair`)
      await page.evaluate("document.body.replaceChildren()")
      await test(page)
    })

  /** Runs a few lines in the page; `modules` are there by their names. */
  const run = <A>(page: Page, modules: ReadonlyArray<string>, lines: string): Promise<A> => {
    const imports = modules.map((name) => `const ${name} = await import("/pages/${name}.js")`)
    return page.evaluate<A>(`(async () => { ${imports.join(";")}; ${lines} })()`)
  }

  const keyed = `
    window.rows ??= new Map()
    window.list ??= document.body.appendChild(dom.h("ul"))
    window.draw = (names) => dom.keyed(list, rows, names, (name) => name, (name) => {
      const element = dom.h("li", {}, dom.h("button", { type: "button" }, name))
      element.made = (window.made = (window.made ?? 0) + 1)
      return { element, update: () => element.updates = (element.updates ?? 0) + 1 }
    })
    window.seen = () => [...list.children].map((one) => one.textContent).join("")`

  it("keep what is there when something comes, goes or changes its place", () =>
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

  it("do not take the focus from a row when others come before it", () =>
    blank(async (page) => {
      await run(page, ["dom"], `${keyed}; draw(["b"])`)
      await page.getByRole("button", { name: "b" }).focus()
      await run(page, ["dom"], `draw(["a", "b", "c"]); draw(["b", "c"])`)
      expect(await run(page, [], "return document.activeElement.textContent")).toBe("b")
      expect(await run(page, [], "return [made, list.firstChild.updates]")).toEqual([3, 3])
    }))

  it("touch the tree only where something changes", () =>
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

  it("make elements out of text that stays text", () =>
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

  it("have an element that is asked for, or say which one is missing", () =>
    blank(async (page) => {
      const said = await run<string>(
        page,
        ["dom"],
        `document.body.append(dom.h("p", { id: "x" }))
         try { dom.byId("x", HTMLInputElement) } catch (error) { return String(error) }`
      )
      expect(said).toBe('Error: The page has no HTMLInputElement "x"')
    }))

  it("do one thing at a time when a button is pressed, and leave it the focus meanwhile", () =>
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

  it("give the focus to a neighbour when what was pressed has gone meanwhile", () =>
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

  const lines = `
    window.line = (id) => ({
      key: "event-" + id, at: id, instance: "loja", event: "call", origin: "live", summary: "s" + id, json: "{}", size: 2
    })
    const element = dom.h("div", { role: "listbox", tabindex: "0", "aria-label": "Events heard" })
    document.body.append(element)
    window.chosen = []
    window.shown = list.makeList(element, ({ key }) => chosen.push(key))
    window.active = () => element.getAttribute("aria-activedescendant")`

  it("walk through a list by keyboard, with the focus on the whole", () =>
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

  it("keep the place in a list while lines come, and lose it when its line goes", () =>
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

  it("choose a line by mouse, wherever in it one clicks", () =>
    blank(async (page) => {
      await run(page, ["dom", "list"], lines)
      await run(page, [], "shown.draw([2, 1].map(line))")
      await page.getByText("s1").click()
      expect(await run(page, [], "return [chosen, active()]")).toEqual([["event-1"], "event-1"])
    }))

  const timeline = (facts: object) => `
    const made = timeline.makeTimeline("loja")
    document.body.append(made.element)
    made.update(${JSON.stringify({
      from: "2026-01-02T00:00:00.000Z",
      to: "2026-01-03T00:00:00.000Z",
      listener: [],
      whatsapp: [],
      gaps: [],
      ...facts
    })})`
  const span = (state: string, from: number, to: number, reason: number | null = null) => ({
    state,
    reason,
    from: new Date(Date.UTC(2026, 0, 2, from)).toISOString(),
    to: new Date(Date.UTC(2026, 0, 2, to)).toISOString()
  })
  const gap = {
    id: "1",
    instance: "loja",
    ...span("", 6, 7),
    cause: "connection_lost",
    recovered: false,
    fetched: 0,
    fetchedUntil: null,
    retryAt: null,
    note: null
  }

  it("draw a timeline with a text for each of its bars, and the same as a table", () =>
    blank(async (page) => {
      const facts = {
        listener: [
          span("unknown", 0, 4),
          span("Listening", 4, 6),
          span("Waiting", 6, 7),
          span("Listening", 7, 24)
        ],
        whatsapp: [span("unknown", 0, 4), span("open", 4, 20), span("close", 20, 24, 401)],
        gaps: [gap]
      }
      await run(page, ["timeline"], timeline(facts))
      const picture = page.getByRole("img", { name: "Timeline of loja" })
      await picture.waitFor()
      const titles = await picture.locator("title").allTextContents()
      expect(titles.length).toBe(8)
      expect(titles[2]).toMatch(/^Waiting, .* to /)
      expect(titles[6]).toMatch(/^Disconnected \(reason 401\), /)
      expect(titles[7]).toMatch(/^Not recovered: The connection was lost, /)
      expect(await page.getByRole("list", { name: "Legend" }).textContent()).toContain(
        "Our link: Waiting"
      )
      await page.getByText("Listening 95% of the time, WhatsApp connected 80%, gaps: 1").waitFor()
      await page.getByText("As a table").click()
      const table = page.getByRole("table", { name: "Timeline of loja" })
      expect(await table.getByRole("row").count()).toBe(9)
    }))

  it("draw a timeline of which nothing is known", () =>
    blank(async (page) => {
      await run(page, ["timeline"], timeline({}))
      await page.getByRole("img", { name: "Timeline of loja" }).waitFor()
      await page.getByText("Listening – of the time, WhatsApp connected –, gaps: 0").waitFor()
    }))

  it("draw what they have no word for as it came, and never as HTML", () =>
    blank(async (page) => {
      const hostile = "<img src=x onerror=alert(1)>"
      const facts = {
        listener: [span(hostile, 0, 24)],
        gaps: [{ ...gap, to: null, cause: hostile }]
      }
      await run(page, ["timeline"], timeline(facts))
      const picture = page.getByRole("img", { name: "Timeline of loja" })
      expect((await picture.locator("title").allTextContents()).join()).toContain(hostile)
      expect(await page.locator("img").count()).toBe(0)
      expect(await picture.locator(".unknown").count()).toBe(1)
    }))

  it("keep a textured bar apart from the others in more than its colour", () =>
    blank(async (page) => {
      const states = ["Listening", "Waiting", "Parked", "Stopped"]
      const facts = {
        listener: states.map((state, index) => span(state, 6 * index, 6 * index + 6))
      }
      await run(page, ["timeline"], timeline(facts))
      const fills = await run<Array<string>>(
        page,
        [],
        `return [...document.querySelectorAll(".drawing g > rect:last-child")].map((one) => one.getAttribute("fill"))`
      )
      expect(new Set(fills).size).toBe(4)
      for (const fill of fills.slice(1)) {
        const id = /^url\(#(.+)\)$/.exec(fill)?.[1] ?? ""
        expect(await page.locator(`pattern[id="${id}"] path`).count(), fill).toBe(1)
      }
    }))

  it("say what worked for a while, and what failed until something else is done", () =>
    visit({ origins: [url] }, async (page) => {
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
