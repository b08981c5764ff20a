import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Simulator, scopedSimulator } from "../../src/Testing/mod.ts"
import { storage } from "../support/databases.ts"
import {
  type Body,
  listener,
  runToEnd,
  type ServiceProcess,
  startService
} from "../support/ServiceProcess.ts"

const timeout = 120_000

const open = { ownerJid: "5511999990001@s.whatsapp.net", state: "open" } as const

const settingsOf = (eu: Simulator, br: Simulator) => ({
  EVOLUTION_SERVERS: "eu,br-2",
  EVOLUTION_API_URL__EU: eu.url,
  EVOLUTION_API_KEY__EU: eu.apiKey,
  EVOLUTION_API_URL__BR_2: br.url,
  EVOLUTION_API_KEY__BR_2: br.apiKey
})

const write = ({ emit }: Simulator, text: string) =>
  emit("loja-1", "messages.upsert", {
    key: { id: text, remoteJid: "5511999990001@s.whatsapp.net", fromMe: false },
    message: { conversation: text },
    messageTimestamp: 1_700_000_000
  })

/** Completes when the listener of `loja-1` at a server is in a state. */
const until = (service: ServiceProcess, server: string, state: string) =>
  service.until(
    `/instances/loja-1?server=${server}`,
    (status) => listener(status) === state,
    30_000
  )

/** Server and text of the messages in the log, in its order. */
const texts = ({ events }: Body) =>
  // The answer's own shape.
  (events as unknown as ReadonlyArray<Body>)
    .filter(({ event }) => String(event) === "messages.upsert")
    .map(({ data, server }) => `${server} ${data?.message?.conversation}`)

describe("a service with two Evolution servers", () => {
  it.scopedLive(
    "logs the events of both, also while one of them is away and when it comes back",
    () =>
      Effect.gen(function* () {
        const [eu, br] = [yield* scopedSimulator(), yield* scopedSimulator()]
        for (const evolution of [eu, br]) evolution.add("loja-1", open)
        const service = yield* startService({ ...settingsOf(eu, br), ...(yield* storage) })
        yield* until(service, "eu", "Listening")
        yield* until(service, "br-2", "Listening")

        const logged = (expected: ReadonlyArray<string>) =>
          service.until("/events?limit=1000", (body) => texts(body).length === expected.length)
        write(eu, "one")
        yield* logged(["eu one"])
        write(br, "two")
        yield* logged(["eu one", "br-2 two"])

        yield* Effect.promise(eu.stop)
        yield* until(service, "eu", "Waiting")
        write(br, "three")
        yield* logged(["eu one", "br-2 two", "br-2 three"])
        expect(listener((yield* service.call("/instances/loja-1?server=br-2")).body)).toBe(
          "Listening"
        )

        yield* Effect.promise(eu.start)
        yield* until(service, "eu", "Listening")
        write(eu, "four")
        const expected = ["eu one", "br-2 two", "br-2 three", "eu four"]
        expect(texts(yield* logged(expected))).toEqual(expected)
        expect((yield* service.stop("SIGTERM")).code).toBe(0)
      }),
    { timeout }
  )

  it.scopedLive(
    "goes on with one of them while the key of the other one is refused, and tells that key nobody",
    () =>
      Effect.gen(function* () {
        const [eu, br] = [yield* scopedSimulator(), yield* scopedSimulator()]
        br.add("loja-1", open)
        const wrong = "wrong-key-of-eu-83f1c07a5b"
        const service = yield* startService({
          ...settingsOf(eu, br),
          EVOLUTION_API_KEY__EU: wrong,
          LOG_LEVEL: "debug",
          ...(yield* storage)
        })
        yield* until(service, "br-2", "Listening")
        // A person at the one server writes the key of the other one.
        write(br, `the key is ${wrong}`)
        const log = yield* service.until("/events?limit=1000", (body) => texts(body).length === 1)
        expect(JSON.stringify(log)).not.toContain(wrong)
        yield* service.stop("SIGTERM")
        expect(service.output()).toContain("refused")
        expect(service.output()).not.toContain(wrong)
      }),
    { timeout }
  )

  it.scopedLive(
    "does not start with a variable that no server reads",
    () =>
      Effect.gen(function* () {
        const [eu, br] = [yield* scopedSimulator(), yield* scopedSimulator()]
        const { code, lines } = yield* runToEnd({
          ...settingsOf(eu, br),
          EVOLUTION_MODE__EUU: "auto"
        })
        expect(code).toBe(1)
        expect(lines).toEqual([
          "evolution-listener: EVOLUTION_MODE__EUU: EVOLUTION_SERVERS does not have this server: add it there, or set EVOLUTION_MODE__EU"
        ])
      }),
    { timeout }
  )
})
