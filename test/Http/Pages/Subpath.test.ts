import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as EvolutionListener from "../../../src/EvolutionListener.ts"
import { scopedSimulator } from "../../../src/Testing/mod.ts"
import { inBrowser } from "../../support/Browser/Suite.ts"
import { visit } from "../../support/Browser.ts"
import { storage } from "../../support/databases.ts"
import { prefix, proxies } from "../../support/PathProxy.ts"
import { at } from "../../support/ServiceProcess.ts"
import { freePort, key, serve } from "../Service.ts"
import { isLive, rowOf, signIn } from "./World.ts"

const timeout = 60_000

/** A service behind a proxy, with one instance that shows a code. */
const behind = (
  proxy: NonNullable<(typeof proxies)[keyof typeof proxies]>,
  { hasPublicUrl, strips }: { readonly hasPublicUrl: boolean; readonly strips: boolean }
) =>
  Effect.gen(function* () {
    const evolution = yield* scopedSimulator()
    const port = yield* freePort
    const origin = `http://127.0.0.1:${port}`
    const service = yield* serve(EvolutionListener.layer, {
      API_KEY: key,
      ...(yield* storage),
      ...at(evolution),
      ...(hasPublicUrl ? { PUBLIC_URL: `${origin}${prefix}/` } : {})
    })
    yield* proxy({ port, to: service.port, strips })
    const name = "loja-1"
    expect((yield* service.post("/instances", JSON.stringify({ name }))).status).toBe(201)
    const endpoint = {
      name: "n8n",
      instances: ["nobody"],
      target: { type: "webhook", url: "https://n8n.example.com/" }
    }
    expect((yield* service.post("/endpoints", JSON.stringify(endpoint))).status).toBe(201)
    const answer = yield* Effect.promise(() =>
      fetch(`${origin}${prefix}/instances/${name}/pairing-links`, {
        method: "POST",
        headers: { apikey: key, "content-type": "application/json" },
        body: "{}"
      }).then((response) => response.text())
    )
    const [, link = ""] = /"url":"([^"]+)"/.exec(answer) ?? []
    return { name, origin, link, url: `${origin}${prefix}`, service }
  })

// n8n-io/n8n#212: a blank page; #2651: assets from the root; #14412: the prefix twice; #19635: routes that
// ignore it; #15240: links that lose it.
const rows = [
  { hasPublicUrl: true, strips: true },
  { hasPublicUrl: true, strips: false },
  { hasPublicUrl: false, strips: true }
]

for (const [name, proxy] of Object.entries(proxies))
  inBrowser(`pages below a path, behind ${name}`, () => {
    for (const row of rows)
      it(
        `work when it ${row.strips ? "takes the path off" : "leaves the path"}, ${row.hasPublicUrl ? "with" : "without"} PUBLIC_URL`,
        () =>
          Effect.runPromise(
            Effect.scoped(
              Effect.gen(function* () {
                const { link, name: instance, origin, url } = yield* behind(proxy, row)
                yield* Effect.promise(() =>
                  visit({ origins: [origin] }, async (page) => {
                    await page.goto(`${url}/`)
                    await signIn(page, key)
                    await isLive(page)
                    await rowOf(page, instance).getByRole("link").click()
                    await page.getByRole("heading", { name: instance }).waitFor()
                    expect(page.url()).toBe(`${url}/instances/${instance}/view`)
                    await isLive(page)
                    await page.getByRole("link", { name: "Events of this instance" }).click()
                    await isLive(page)
                    expect(page.url()).toBe(`${url}/monitor?instance=${instance}`)
                    await page.getByRole("navigation").getByRole("link").first().click()
                    await rowOf(page, instance).waitFor()
                    expect(page.url()).toBe(`${url}/`)
                    await page.getByRole("link", { name: "Endpoints" }).click()
                    await page.getByRole("link", { name: "n8n" }).click()
                    await page.getByText("Nothing was delivered yet").waitFor()
                    expect(page.url()).toMatch(`${url}/deliveries/`)
                  })
                )
                if (row.hasPublicUrl || name === "nginx")
                  expect(link).toMatch(new RegExp(`^${url}/pair#`))
                yield* Effect.promise(() =>
                  visit({ origins: [origin] }, async (page) => {
                    await page.goto(link.replace(/^[^#]*/, `${url}/pair`))
                    await page.getByRole("img").first().waitFor()
                  })
                )
              })
            )
          ),
        timeout
      )
  })

describe("a service below a path", () => {
  it.scopedLive(
    "serves each route with and without the path, and describes itself below it",
    () =>
      Effect.gen(function* () {
        const { call } = yield* serve(EvolutionListener.layer, {
          API_KEY: key,
          ...(yield* storage),
          ...at(yield* scopedSimulator()),
          PUBLIC_URL: "https://example.com/listener"
        })
        // n8n-io/n8n#26737: a home without its last slash
        for (const path of ["", "/", "/?x=1", "?x=1"]) {
          const { status, text } = yield* call("GET", `/listener${path}`)
          expect([path, status]).toEqual([path, 200])
          expect(text).toContain('src="/listener/pages/home.js"')
        }
        for (const path of ["/health/live", "/instances", "/pages/base.css", "/monitor"])
          for (const prefix of ["", "/listener"])
            expect((yield* call("GET", `${prefix}${path}`)).status, path).toBe(200)
        expect((yield* call("GET", "/listeners/instances")).status).toBe(404)
        expect((yield* call("GET", "/listener/listener/instances")).status).toBe(404)
        const { json } = yield* call("GET", "/listener/openapi.json")
        expect(json).toMatchObject({ servers: [{ url: "." }] })
      }),
    { timeout }
  )
})
