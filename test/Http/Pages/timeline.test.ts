import { expect, it } from "@effect/vitest"
import { inBrowser } from "../../support/Browser/Suite.ts"
import { run, useBlankPage } from "./blank.ts"

inBrowser("timeline.js", () => {
  const { blank } = useBlankPage()

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
    clockOffset: null,
    retryAt: null,
    note: null,
    reason: null,
    limit: null
  }

  it("draws a text for each of its bars, and a table with the same data", () =>
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

  it("draws a timeline without data", () =>
    blank(async (page) => {
      await run(page, ["timeline"], timeline({}))
      await page.getByRole("img", { name: "Timeline of loja" }).waitFor()
      await page.getByText("Listening – of the time, WhatsApp connected –, gaps: 0").waitFor()
    }))

  it("draws an unknown state or cause as text, and never as HTML", () =>
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

  it("gives each state a texture of its own", () =>
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
})
