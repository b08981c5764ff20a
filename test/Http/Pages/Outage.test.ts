import { expect, it } from "@effect/vitest"
import { Effect, Runtime } from "effect"
import { scopedSimulator } from "../../../src/Testing/mod.ts"
import { inBrowser } from "../../support/Browser/Suite.ts"
import { visit } from "../../support/Browser.ts"
import {
  apiKey,
  at,
  freePort,
  startService,
  temporaryDirectory
} from "../../support/ServiceProcess.ts"
import { rowOf, signIn } from "./World.ts"

inBrowser("a page during an outage of its service", () => {
  it.scopedLive(
    "says that it is not live, and recovers by itself when the service is back",
    () =>
      Effect.gen(function* () {
        const run = Runtime.runPromise(
          yield* Effect.runtime<Effect.Effect.Context<typeof restart>>()
        )
        const evolution = yield* scopedSimulator()
        const variables = {
          ...at(evolution),
          DATA_DIR: yield* temporaryDirectory,
          PORT: String(yield* freePort)
        }
        const restart = startService(variables)
        const first = yield* restart
        yield* first.call("/instances", { body: { name: "loja" } })
        // 503 is the answer of a service that listens and is not ready yet.
        const expected = /ERR_(CONNECTION_|INCOMPLETE_|EMPTY_)|status of 503/
        yield* Effect.promise(() =>
          visit({ origins: [first.url], expected }, async (page) => {
            await page.goto(first.url)
            await signIn(page, apiKey)
            let loads = 0
            page.on("load", () => loads++)
            const feed = page.getByRole("status", { name: "Live feed" })
            const banner = page.getByRole("status", { name: "Feed trouble" })
            await feed.getByText("Live", { exact: true }).waitFor()
            await rowOf(page, "loja").getByText("Scan the QR code").waitFor()
            expect(await banner.isVisible()).toBe(false)

            await run(first.stop("SIGKILL"))
            await feed.getByText("Reconnecting").waitFor()
            await banner.getByText("Not live since").waitFor()

            // Events of the outage are on the page afterwards.
            evolution.scan("loja")
            await run(restart)
            await feed.getByText("Live", { exact: true }).waitFor({ timeout: 35_000 })
            await banner.waitFor({ state: "hidden" })
            await rowOf(page, "loja").getByText("Connected", { exact: true }).waitFor()
            expect(loads).toBe(0)
          })
        )
      }),
    { timeout: 120_000 }
  )
})
