/**
 * Auto mode at an Evolution without global events, its default, where people hear nothing at `/`:
 * EvolutionAPI/evolution-api#853, #176.
 */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { type Simulator, scopedSimulator, textMessage } from "../../src/Testing/mod.ts"
import { at, listener, startService, temporaryDirectory } from "../support/ServiceProcess.ts"

const timeout = 120_000
const names = ["loja-1", "loja-2", "loja,3"]

describe("the service in auto mode at an Evolution without global events", () => {
  it.scopedLive.each([
    ["at run time", () => Promise.resolve()],
    // Evolution reads the setting at its start.
    ["by a restart", ({ leave }: Simulator) => leave(1000)]
  ] as const)(
    "listens by namespaces, and by global events once there are any, %s; nothing is lost or twice",
    ([, restart]) =>
      Effect.gen(function* () {
        const evolution = yield* scopedSimulator({ globalEvents: false })
        for (const name of names) evolution.add(name, { state: "open" })
        // Nobody has asked for its events, so it has no namespace.
        evolution.instance("loja-2").websocket = null
        const service = yield* startService({
          ...at(evolution),
          EVOLUTION_MODE: "auto",
          DATA_DIR: yield* temporaryDirectory
        })
        const sent: Array<string> = []
        const send = Effect.sync(() => {
          for (const name of names) {
            const message = textMessage(`message ${sent.length}`, {
              name: "Ana",
              phone: "5511988887777"
            })
            evolution.emit(name, "messages.upsert", message)
            sent.push(message.key.id)
          }
        })
        const sending = yield* Effect.forkScoped(Effect.repeat(send, Schedule.spaced("200 millis")))
        const listens = (name: string) =>
          service.until(
            `/instances/${encodeURIComponent(name)}`,
            (status) => listener(status) === "Listening" && status.gaps?.open === null,
            20_000
          )

        const told = yield* service.until(
          "/summary",
          ({ condition }) => String(condition) === "by_namespace",
          40_000
        )
        expect(told).toMatchObject({
          userAction: "none",
          evolution: { mode: "auto", listensBy: "namespace" }
        })
        expect(service.output()).toContain("listened to by its namespace from now on")
        for (const name of ["loja-1", "loja-2"])
          expect(yield* listens(name)).toMatchObject({ userAction: "none" })
        expect(evolution.instance("loja-2").websocket?.enabled).toBe(true)
        const comma = yield* service.until(
          "/instances/loja%2C3",
          (status) => listener(status) === "Parked"
        )
        expect(comma.userAction).toBe("use_global_mode")
        expect(comma.listener?.state?.error?.message).toContain("WEBSOCKET_GLOBAL_EVENTS=true")

        evolution.broadcast(true)
        yield* Effect.promise(() => restart(evolution))
        yield* service.until("/summary", ({ condition }) => String(condition) === "well", 20_000)
        for (const name of names) yield* listens(name)
        sending.unsafeInterruptAsFork(sending.id())
        for (const name of names)
          yield* service.until(
            `/instances/${encodeURIComponent(name)}/gaps`,
            ({ gaps }) => Array.isArray(gaps) && gaps.every(({ recovered }) => recovered === true),
            60_000
          )
        const { body } = yield* service.call("/events?event=messages.upsert&limit=1000")
        const events: unknown = body.events
        const logged = Array.isArray(events) ? events.map(({ data }) => String(data.key.id)) : []
        expect(logged.toSorted()).toEqual(sent.toSorted())
      }),
    { timeout }
  )
})
