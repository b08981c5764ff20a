import { spawnSync } from "node:child_process"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Metrics from "../../src/Telemetry/Metrics.ts"
import { parse, sampleOf } from "../support/Exposition.ts"
import { status } from "./Metrics/statuses.ts"
import { house, key, serve } from "./Service.ts"

const secret = "shop-of-a-customer"
const shops = { all: Effect.succeed([status(secret, { whatsapp: "open", lastEvent: 3 })]) }

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0

describe("GET /metrics", () => {
  it.scoped("returns every metric family with its type in Prometheus' text format", () =>
    Effect.gen(function* () {
      const { call } = yield* serve(house(shops))
      const answer = yield* call("GET", "/metrics")
      expect(answer.status).toBe(200)
      expect(answer.type).toBe("text/plain; version=0.0.4; charset=utf-8")
      const families = parse(answer.text)
      const names = [...families.keys()]
      for (const { name, type } of Metrics.declared)
        expect(names).toContain(type === "counter" ? `${name}_total` : name)
      expect(names.filter((name) => !name.startsWith("evolution_listener_"))).toEqual([])
      expect(sampleOf(families, "evolution_listener_listeners", { state: "listening" })).toBe(1)
      const of = (name: string) => sampleOf(families, `evolution_listener_${name}`) ?? 0
      expect(of("process_resident_memory_bytes")).toBeGreaterThan(10_000_000)
      expect(of("process_cpu_seconds_total")).toBeGreaterThan(0)
      expect(Date.now() / 1000 - of("process_start_time_seconds")).toBeGreaterThan(0)
    })
  )

  it.scoped("answers 401 without a key", () =>
    Effect.gen(function* () {
      const { call } = yield* serve(house(shops))
      expect((yield* call("GET", "/metrics", { headers: { apikey: "" } })).status).toBe(401)
    })
  )

  it.scoped("names instances only when METRICS_PER_INSTANCE is on", () =>
    Effect.gen(function* () {
      const quiet = yield* serve(house(shops))
      yield* quiet.call("GET", `/instances/${secret}/status`)
      expect((yield* quiet.call("GET", "/metrics")).text).not.toContain(secret)
      const open = yield* serve(house(shops), { API_KEY: key, METRICS_PER_INSTANCE: "true" })
      const families = parse((yield* open.call("GET", "/metrics")).text)
      const labels = { instance_name: secret, state: "listening" }
      expect(sampleOf(families, "evolution_listener_instance_listener_state", labels)).toBe(1)
    })
  )

  it.scoped("counts requests by route template, and all requests without a route under none", () =>
    Effect.gen(function* () {
      const { call, port } = yield* serve(house(shops))
      const count = (route: string, method: string, code: string) =>
        Effect.map(call("GET", "/metrics"), ({ text }) => {
          const labels = { route, method, code }
          return sampleOf(parse(text), "evolution_listener_http_requests_total", labels) ?? 0
        })
      const cases = [
        ["GET", "/instances/a%00b/status", "/instances/:name/status", "400"],
        ["GET", "/instances", "/instances", "200"],
        ["GET", "/no/such/route", "none", "404"],
        ["GET", "/%zz", "none", "404"],
        ["GET", "/pages/base.css?x=1", "/pages/*", "200"],
        ["POST", "/health/live", "none", "404"]
      ] as const
      for (const [method, path, route, code] of cases) {
        const before = yield* count(route, method, code)
        expect((yield* call(method, path)).status, path).toBe(Number(code))
        expect(yield* count(route, method, code), path).toBe(before + 1)
      }
      const { text } = yield* call("GET", "/metrics")
      expect(text).not.toContain("no/such")
      const labels = { route: "/instances", method: "GET" }
      expect(
        sampleOf(parse(text), "evolution_listener_http_request_seconds_count", labels)
      ).toBeGreaterThan(0)
      expect(port).toBeGreaterThan(0)
    })
  )

  it.scoped("counts the connected readers of a stream", () =>
    Effect.gen(function* () {
      const { call, url } = yield* serve(house(shops))
      const readers = Effect.map(call("GET", "/metrics"), ({ text }) =>
        sampleOf(parse(text), "evolution_listener_sse_readers", { stream: "events" })
      )
      const away = new AbortController()
      const headers = { apikey: key }
      yield* Effect.promise(() => fetch(`${url}/events/stream`, { headers, signal: away.signal }))
      expect(yield* readers).toBe(1)
      away.abort()
      expect(yield* Effect.repeat(readers, { until: (now) => now === 0 })).toBe(0)
    })
  )

  it.skipIf(!hasPromtool)("passes the check of promtool", () =>
    Effect.gen(function* () {
      const { call } = yield* serve(house(shops), { API_KEY: key, METRICS_PER_INSTANCE: "true" })
      yield* call("GET", "/instances")
      const { text } = yield* call("GET", "/metrics")
      const {
        status: code,
        stdout,
        stderr
      } = spawnSync("promtool", ["check", "metrics"], {
        input: text,
        encoding: "utf8"
      })
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" })
    }).pipe(Effect.scoped, Effect.runPromise)
  )
})
