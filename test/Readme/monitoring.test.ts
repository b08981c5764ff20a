import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { NotLive, NotReady } from "../../src/Domain/Health.ts"
import { delivering } from "../Http/Metrics/deliveries.ts"
import { status } from "../Http/Metrics/statuses.ts"
import { house, key, serve } from "../Http/Service.ts"
import { parse } from "../support/Exposition.ts"
import { codesIn, read, sectionOf, tablesOf } from "./pages.ts"

const page = "docs/monitoring.md"

describe("The page about monitoring", () => {
  it.scoped("names every metric with its type and its labels, and no other", () =>
    Effect.gen(function* () {
      const shops = { all: Effect.succeed([status("shop", { whatsapp: "open", lastEvent: 3 })]) }
      const { call } = yield* serve(Layer.merge(house(shops), delivering), {
        API_KEY: key,
        METRICS_PER_INSTANCE: "true"
      })
      yield* call("GET", "/instances")
      const families = parse((yield* call("GET", "/metrics")).text)
      const rows = tablesOf(sectionOf(page, "## Metrics"), "| metric |")
      const documented = rows.flatMap(([names = "", type = ""]) =>
        codesIn(names).map((name) => [name, type] as const)
      )
      const found = [...families.values()].map(
        ({ name, type }) => [name.replace("evolution_listener_", ""), type] as const
      )
      const bare = documented.map(([name, type]) => [name.replace(/\{.*/, ""), type])
      expect(bare.sort()).toEqual(found.sort())
      for (const [text] of documented) {
        const [name = "", labels = ""] = text.split(/[{}]/)
        const samples = families.get(`evolution_listener_${name}`)?.samples ?? []
        for (const sample of samples) {
          const given = Object.keys(sample.labels).filter(
            // `server` is there where there are several, as in other suites of this process.
            (label) => !["le", "instance_name", "server"].includes(label)
          )
          expect(given.sort().join(), name).toBe(labels.split(",").sort().join())
        }
      }
    })
  )

  it("names every alert, and no other", () => {
    const alerts = [...read("ops/alerts.yml").matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
    expect(alerts.length).toBeGreaterThan(5)
    const rows = tablesOf(sectionOf(page, "## Alerts"), "| alert |")
    expect(rows.flatMap(([name = ""]) => codesIn(name))).toEqual(alerts)
  })

  it("names every reason for being not alive, and for being not ready", () => {
    const codes = codesIn(sectionOf(page, "## Alive and ready"))
    expect(codes).toEqual(
      expect.arrayContaining([
        ...NotLive.fields.reason.literals,
        ...NotReady.fields.reason.literals
      ])
    )
  })
})
