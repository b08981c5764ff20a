import { describe, expect, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import {
  type Settings,
  type Simulator,
  scopedSimulator,
  textMessage
} from "../../src/Testing/mod.ts"
import {
  at,
  listener,
  type ServiceProcess,
  startService,
  temporaryDirectory
} from "../support/ServiceProcess.ts"

const timeout = 90_000
const shop = "loja-1"

/** The service, listening to one instance of a simulated Evolution. */
const listening = (settings: Partial<Settings>, variables: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const evolution = yield* scopedSimulator(settings)
    const service = yield* startService({
      ...at(evolution),
      DATA_DIR: yield* temporaryDirectory,
      ...variables
    })
    evolution.add(shop, { ownerJid: "5511999990001@s.whatsapp.net", state: "open" })
    yield* service.call(`/instances/${shop}/start`, { method: "POST" })
    yield* service.until(`/instances/${shop}`, (status) => listener(status) === "Listening")
    return { evolution, service }
  })

/** Sends texts, one every 20 ms, stamped by a clock that is so many ms ahead of this machine's. */
const say = (evolution: Simulator, texts: ReadonlyArray<string>, clockMillis = 0) =>
  Effect.forEach(
    texts,
    (text) =>
      Effect.zipRight(
        Effect.sync(() => {
          const message = textMessage(text, { name: "Ana", phone: "5511988887777" })
          const messageTimestamp = Math.floor((Date.now() + clockMillis) / 1000)
          evolution.emit(shop, "messages.upsert", { ...message, messageTimestamp })
        }),
        Effect.sleep("20 millis")
      ),
    { discard: true }
  )

const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${prefix} ${n}`)

/** Cuts the link while these texts are sent. */
const missing = (evolution: Simulator, texts: ReadonlyArray<string>, clockMillis = 0) =>
  Effect.gen(function* () {
    evolution.refuse({ status: 503, body: "down" })
    evolution.drop()
    yield* say(evolution, texts, clockMillis)
    evolution.refuse(undefined)
  })

const texts = (service: ServiceProcess) =>
  Effect.map(service.call("/events?event=messages.upsert&limit=1000"), ({ body }) =>
    // The simulator's messages are conversations.
    Array.from(Object.values(body.events ?? {}), (event) =>
      String(event.data?.message?.conversation)
    )
  )

const recovered = (service: ServiceProcess, within: number) =>
  service.until(
    `/instances/${shop}/gaps`,
    ({ gaps }) => String(gaps?.[0]?.recovered) === "true",
    within
  )

describe("A gap", () => {
  it.scopedLive.each([
    ["ahead", -300_000],
    ["behind", 300_000]
  ] as const)(
    "is fetched whole while our clock is 5 min %s",
    ([, clockMillis]) =>
      Effect.gen(function* () {
        const { evolution, service } = yield* listening({ clockMillis })
        yield* say(evolution, numbered("before", 20), clockMillis)
        yield* missing(evolution, numbered("missed", 50), clockMillis)
        const { gaps } = yield* recovered(service, 60_000)
        yield* say(evolution, numbered("after", 5), clockMillis)
        expect(Number(gaps?.[0]?.fetched)).toBeGreaterThan(0)
        yield* service.until("/events?event=messages.upsert&limit=1000", ({ events }) =>
          Object.values(events ?? {}).some(
            (event) => String(event.data?.message?.conversation) === "after 4"
          )
        )
        const all = yield* texts(service)
        expect(all).toHaveLength(75)
        expect(new Set(all).size).toBe(75)
        yield* Effect.repeat(
          Effect.sync(() => service.output().includes("Our clock is")),
          { until: (isTold) => isTold, schedule: Schedule.spaced("50 millis") }
        )
      }),
    { timeout }
  )

  it.scopedLive(
    "is fetched from an Evolution that takes 12 s to answer",
    () =>
      Effect.gen(function* () {
        const { evolution, service } = yield* listening({ findMillis: 12_000 })
        let questions = 0
        evolution.onCall((path) => {
          if (path.startsWith("/chat/findMessages")) questions++
        })
        yield* say(evolution, numbered("before", 5))
        yield* missing(evolution, numbered("missed", 20))
        yield* recovered(service, 80_000)
        expect(yield* texts(service)).toHaveLength(25)
        expect(questions).toBeLessThan(6)
      }),
    { timeout: 120_000 }
  )

  it.scopedLive(
    "has each message once, in one chat, when Evolution stores it under a hidden address",
    () =>
      Effect.gen(function* () {
        const { evolution, service } = yield* listening({ storesHidden: true })
        yield* say(evolution, numbered("before", 10))
        yield* missing(evolution, numbered("missed", 10))
        yield* recovered(service, 60_000)
        const { body } = yield* service.call("/events?event=messages.upsert&limit=1000")
        const keys = Array.from(Object.values(body.events ?? {}), (event) => event.data?.key)
        expect(keys).toHaveLength(20)
        expect(new Set(keys.map((key) => String(key?.remoteJid)))).toEqual(
          new Set(["5511988887777@s.whatsapp.net"])
        )
        expect(String(keys.at(-1)?.remoteJidAlt)).toBe("95511988887777@lid")
      }),
    { timeout }
  )
})
