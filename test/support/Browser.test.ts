import { once } from "node:events"
import { createServer } from "node:http"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { findings } from "./Axe.ts"
import { inBrowser } from "./Browser/Suite.ts"
import { executable, howToGetOne, visit } from "./Browser.ts"

/** Pages that do one thing each. */
const pages: Readonly<Record<string, string>> = {
  "/quiet": "<title>Quiet</title>",
  "/complains": "<script>console.error('the page complains')</script>",
  "/throws": "<script>throw new Error('the page throws')</script>",
  "/alerts": "<script>alert('the page alerts')</script>",
  "/foreign": '<img src="http://other.example/x.png">',
  "/missing": '<img src="/nowhere.png">',
  "/forbidden": "<body onload=\"document.title = 'ran'\">"
}

describe("the browser of the tests", () => {
  it("is found, or how to get one is said", () => {
    if (executable === undefined) process.stderr.write(`${howToGetOne}\n`)
  })
})

inBrowser("a visit", () => {
  const server = createServer(({ url = "" }, response) => {
    const page = pages[url]
    response.writeHead(page === undefined ? 404 : 200, {
      "content-type": "text/html",
      ...(url === "/forbidden" ? { "content-security-policy": "default-src 'none'" } : {})
    })
    response.end(`<link rel="icon" href="data:,">${page ?? ""}`)
  })
  let origin = ""

  beforeAll(async () => {
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    const address = server.address()
    if (typeof address === "object" && address !== null) origin = `http://127.0.0.1:${address.port}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  const seen = (path: string, expected?: RegExp) =>
    visit({ origins: [origin], ...(expected === undefined ? {} : { expected }) }, async (page) => {
      await page.goto(`${origin}${path}`)
    })

  it("succeeds where nothing goes wrong", () => seen("/quiet"))

  it.each([
    ["/complains", /the page complains/],
    ["/throws", /the page throws/],
    ["/alerts", /A dialog: the page alerts/],
    ["/foreign", /A request to http:\/\/other\.example/],
    ["/missing", /404.*nowhere\.png/],
    ["/forbidden", /Content Security Policy/]
  ])("fails at %s, whatever the test asks", async (path, why) => {
    await expect(seen(path)).rejects.toThrow(why)
  })

  it("allows expected errors on the console", () => seen("/missing", /nowhere\.png/))

  it("reports the text of the page when a test fails", async () => {
    const failing = visit({ origins: [origin] }, async (page) => {
      await page.goto(`${origin}/quiet`)
      await page.setContent("<h1>Hello</h1>")
      throw new Error("the test fails")
    })
    await expect(failing).rejects.toThrow(/the test fails[\s\S]*heading "Hello"/)
  })
})

inBrowser("axe-core", () => {
  it("finds serious problems, and none in a well-made page", () =>
    visit({ origins: [] }, async (page) => {
      const well = "<!doctype html><html lang=en><title>Page</title><main><h1>Page</h1></main>"
      await page.setContent(well)
      expect(await findings(page)).toEqual([])
      await page.setContent(`${well}<button></button>`)
      expect((await findings(page)).join()).toMatch(/^button-name: <button>/)
    }))
})
