import { describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck, Schedule } from "effect"
import { scopedSimulator as simulator } from "../../src/Testing/mod.ts"
import { storage } from "../support/databases.ts"
import { exchange, type Heard, type RawAnswer } from "../support/RawHttp.ts"
import { apiKey, at, listener, startService } from "../support/ServiceProcess.ts"
import { type BadRequest, everywhere, inMeaning, type Known } from "./BadRequests/Faults.ts"
import { operationsOf } from "./BadRequests/Operations.ts"
import { onTheWire, stalled } from "./BadRequests/Wire.ts"

const seed = 20_261_124
const counts = { meaning: 900, wire: 250 }
/** Milliseconds. */
const deadline = 5000
const patience = 25_000

/** Whatever is wrong with an answer; a line for each. */
const complaints = ({ body, headers, status }: RawAnswer): ReadonlyArray<string> => {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    json = undefined
  }
  const isTyped =
    typeof json === "object" &&
    json !== null &&
    "_tag" in json &&
    "message" in json &&
    typeof json._tag === "string" &&
    typeof json.message === "string" &&
    json.message !== ""
  return [
    ...(status >= 400 && status < 500 ? [] : [`status ${status}`]),
    ...(isTyped ? [] : ["not typed"]),
    ...(headers["content-type"]?.startsWith("application/json") ? [] : ["not JSON"]),
    ...(headers["x-content-type-options"] === "nosniff" ? [] : ["may be sniffed"]),
    ...(headers["cache-control"] === "no-store" ? [] : ["may be kept"]),
    ...["server", "x-powered-by", "access-control-allow-origin", "set-cookie"].filter(
      (name) => name in headers
    ),
    ...(/\n\s+at |\.ts:\d|node_modules|file:\/\//.test(body) ? ["tells of our insides"] : [])
  ]
}

const troubleWith = (request: BadRequest, heard: Heard): ReadonlyArray<string> => {
  const trouble = [
    ...(heard.isHanging ? ["hangs"] : []),
    ...(heard.answers.length === 0 ? ["no answer"] : []),
    ...(heard.rest === "" ? [] : [`rest: ${heard.rest.slice(0, 80)}`]),
    ...heard.answers.flatMap(complaints)
  ]
  const sent = request.parts.map(String).join("").slice(0, 300)
  return trouble.length === 0
    ? []
    : [`${request.fault}: ${trouble.join(", ")}; ${sent} → ${JSON.stringify(heard).slice(0, 400)}`]
}

describe("bad requests", () => {
  it.scopedLive(
    "get a typed 4xx each, and change nothing",
    () =>
      Effect.gen(function* () {
        const evolution = yield* simulator()
        evolution.add("shop", { state: "open", ownerJid: "5511@s.whatsapp.net" })
        const service = yield* startService({
          ...at(evolution),
          ...(yield* storage)
        })
        const port = Number(new URL(service.url).port)
        yield* service.call("/instances/shop/start", { method: "POST" })
        yield* service.until("/instances/shop", (status) => listener(status) === "Listening")
        evolution.emit("shop", "messages.upsert", { key: { id: "M1" } })
        yield* service.until(
          "/events?event=messages.upsert",
          ({ events }) => events?.[0] !== undefined
        )

        const stateNow = Effect.gen(function* () {
          const instances = (yield* service.call("/instances")).body
          return {
            instances: Object.values(instances).map(({ desired, name, whatsapp }) => ({
              name,
              desired: desired?.state,
              whatsapp: whatsapp?.state
            })),
            events: (yield* service.call("/events?limit=1000")).body,
            gaps: (yield* service.call("/instances/shop/gaps")).body,
            keys: (yield* service.call("/keys")).body,
            endpoints: (yield* service.call("/endpoints")).body
          }
        })
        const memory = Effect.map(
          Effect.promise(async () => {
            const response = await fetch(`${service.url}/metrics`, { headers: { apikey: apiKey } })
            return response.text()
          }),
          (text) => Number(/^\w*process_resident_memory_bytes (\S+)/m.exec(text)?.[1]) / 2 ** 20
        )

        const { body: made } = yield* service.call("/endpoints", {
          method: "POST",
          body: { name: "quiet", target: { type: "webhook", url: "https://example.com/" } }
        })
        yield* service.call(`/endpoints/${made.id}/pause`, { method: "POST" })

        const { body: document } = yield* service.call("/openapi.json")
        const known: Known = {
          operations: operationsOf(document),
          key: apiKey,
          instance: "shop",
          endpoint: String(made.id)
        }
        const requests = [
          ...everywhere(known),
          ...FastCheck.sample(inMeaning(known), { numRuns: counts.meaning, seed }),
          ...FastCheck.sample(onTheWire(known), { numRuns: counts.wire, seed })
        ]
        const before = { state: yield* stateNow, memory: yield* memory }
        const waiting = yield* Effect.forkAll(
          stalled(known).map((request) =>
            Effect.map(
              Effect.promise(() => exchange(port, request, patience)),
              (heard) => troubleWith(request, heard)
            )
          )
        )
        const statuses = new Map<number, number>()
        const trouble = yield* Effect.forEach(
          requests,
          (request) =>
            Effect.map(
              Effect.promise(() => exchange(port, request, deadline)),
              (heard) => {
                for (const { status } of heard.answers)
                  statuses.set(status, (statuses.get(status) ?? 0) + 1)
                return troubleWith(request, heard)
              }
            ),
          { concurrency: 16 }
        )
        expect(trouble.flat()).toEqual([])
        for (const status of [400, 401, 404, 408, 413, 415, 417, 429, 431])
          if (status !== 408) expect(statuses.get(status), String(status)).toBeGreaterThan(0)
        expect((yield* waiting.await).toString()).not.toContain("Failure")
        expect(yield* waiting.await).toMatchObject({ _tag: "Success", value: [[], [], [], []] })

        expect(yield* stateNow).toEqual(before.state)
        expect(service.output()).not.toContain("bug of ours")
        // What is left is collected when it pleases the collector.
        yield* Effect.repeat(memory, {
          until: (now) => now < before.memory + 150,
          schedule: Schedule.spaced("500 millis")
        })
        expect((yield* service.call("/health/ready")).status).toBe(200)
      }),
    { timeout: 90_000 }
  )
})
