import { once } from "node:events"
import { createServer } from "node:http"
import { afterAll, beforeAll, expect, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { build } from "esbuild"
import type { Page } from "playwright-core"
import { connect } from "../../src/Client/mod.ts"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import { type Simulator, scopedSimulator } from "../../src/Testing/mod.ts"
import { key, serve } from "../Http/Service.ts"
import { eventually, inBrowser } from "../support/Browser/Suite.ts"
import { visit } from "../support/Browser.ts"
import { storage } from "../support/databases.ts"
import { at } from "../support/ServiceProcess.ts"
import { startProxy, type TcpProxy } from "../support/TcpProxy.ts"
import { type Reader, readers, type Wanted } from "./readers.ts"

/** Both clients, as one script for a page. */
const script = async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { readers } from "./readers.ts"; Object.assign(globalThis, { readers })`,
      resolveDir: import.meta.dirname
    },
    bundle: true,
    platform: "browser",
    format: "iife",
    minify: true,
    write: false
  })
  return outputFiles[0]?.text ?? ""
}

/** The names that the script and the tests give to what is in the page. */
interface InPage {
  readonly readers: typeof readers
  reader?: Reader | undefined
}

const read = (page: Page, nth: number, wanted: Omit<Wanted, "fetch">, hasToken = false) =>
  page.evaluate(
    ([which, options, takesToken]) => {
      const here = globalThis as unknown as InPage
      const streamToken = () => fetch("/token").then((response) => response.text())
      here.reader = here.readers[which]?.[1]({ ...options, ...(takesToken && { streamToken }) })
    },
    [nth, wanted, hasToken] as const
  )
const idsIn = (page: Page) =>
  page.evaluate(() => [...((globalThis as unknown as InPage).reader?.ids ?? [])])
const interruptionsIn = (page: Page) =>
  page.evaluate(() => [...((globalThis as unknown as InPage).reader?.interruptions ?? [])])

inBrowser("a page", () => {
  const scope = Effect.runSync(Scope.make())
  const run = <A>(effect: Effect.Effect<A, unknown, Scope.Scope>): Promise<A> =>
    Effect.runPromise(Effect.provideService(effect, Scope.Scope, scope))
  const site = createServer(async ({ url }, response) => {
    if (url === "/token") {
      const { token } = await client().streamTokens.make({ ttl: 30 })
      return response.end(token)
    }
    response.writeHead(200, { "content-type": "text/html" })
    response.end('<!doctype html><title>Site</title><link rel="icon" href="data:,">')
  })
  let evolution: Simulator
  let proxy: TcpProxy
  let service: { readonly url: string }
  let code = ""
  let [here, elsewhere] = ["", ""]
  const client = () => connect({ baseUrl: service.url, apiKey: key })

  beforeAll(async () => {
    code = await script()
    site.listen(0, "127.0.0.1")
    await once(site, "listening")
    const address = site.address()
    if (typeof address === "object" && address !== null)
      elsewhere = `http://127.0.0.1:${address.port}`
    evolution = await run(scopedSimulator())
    const settings = {
      API_KEY: key,
      STREAM_ORIGINS: elsewhere,
      ...(await run(storage)),
      ...at(evolution)
    }
    const served = await run(serve(EvolutionListener.layer, settings))
    service = served
    proxy = await startProxy({ port: served.port })
    here = `http://127.0.0.1:${proxy.port}`
    await client().instances.create({ name: "shop" })
  }, 60_000)
  afterAll(async () => {
    await proxy.close()
    site.closeAllConnections()
    site.close()
    await Effect.runPromise(Scope.close(scope, Exit.void))
  }, 30_000)

  const logAfter = async (after: number) => {
    const { events } = await client().events.read({ after, limit: 1000 })
    return events.map(({ id }) => id)
  }
  const say = async (count: number) => {
    const after = (await logAfter(0)).at(-1) ?? 0
    for (let nth = 0; nth < count; nth++) evolution.emit("shop", "chats.upsert", [{ nth }])
    await eventually(async () => (await logAfter(after)).length).toBeGreaterThanOrEqual(count)
  }
  /** Losing a connection is an error on the console. */
  const expected = /net::ERR|Failed to load resource/

  for (const [nth, [name]] of readers.entries()) {
    it(`of the service's own origin reads with ${name}, and goes on after its connection is lost`, () =>
      visit({ origins: [here], expected }, async (page) => {
        await page.route(`${here}/page`, (route) =>
          route.fulfill({ contentType: "text/html", body: "<!doctype html><title>Page</title>" })
        )
        await page.goto(`${here}/page`)
        await page.evaluate(code)
        const after = (await logAfter(0)).at(-1) ?? 0
        await read(page, nth, { baseUrl: here, apiKey: key, after })
        await say(5)
        await eventually(() => idsIn(page).then(({ length }) => length)).toBeGreaterThanOrEqual(5)
        proxy.reset()
        await say(5)
        const hasAll = async () => String(await idsIn(page)) === String(await logAfter(after))
        await eventually(hasAll).toBe(true)
        expect((await interruptionsIn(page)).length).toBeGreaterThan(0)
      }))

    it(`of another site reads with ${name} and a token, which it asks for again`, () =>
      visit({ origins: [elsewhere, service.url, here], expected }, async (page) => {
        await page.goto(elsewhere)
        await page.evaluate(code)
        const after = (await logAfter(0)).at(-1) ?? 0
        const tokens: Array<string> = []
        page.on("request", (request) => {
          if (request.url().endsWith("/token")) tokens.push(request.url())
        })
        await read(page, nth, { baseUrl: here, after }, true)
        await say(3)
        await eventually(() => idsIn(page).then(({ length }) => length)).toBeGreaterThanOrEqual(3)
        proxy.reset()
        await say(3)
        const hasAll = async () => String(await idsIn(page)) === String(await logAfter(after))
        await eventually(hasAll).toBe(true)
        expect(tokens.length).toBeGreaterThan(1)
      }))
  }
})
