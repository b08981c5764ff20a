import { describe, expect, it } from "@effect/vitest"
import { Effect, Metric } from "effect"
import * as Metrics from "../../../src/Telemetry/Metrics.ts"
import { firstOf, joined } from "./Joined.ts"

const envelope = (event: string, data: string) =>
  `{"event":"${event}","instance":"shop-1","data":${data},"server_url":"http://localhost",` +
  `"date_time":"2026-01-01T00:00:00.000Z","apikey":null}`

describe("a Socket.IO event", () => {
  const data = '{"b":"é, \\"c\\""}'

  it.scoped.each([
    ["as it comes", `42["call",${envelope("call", data)}]`, data],
    ["of a namespace", `42/shop-1,["call",${envelope("call", data)}]`, data],
    ["with an acknowledgement asked for", `4217["call",${envelope("call", data)}]`, data],
    ["several arguments", `42["call",1,${envelope("call", data)}]`, undefined],
    ["another argument behind it", `42["call",${envelope("call", data)},1]`, undefined],
    ["two names", `42["call",${envelope("chats.set", data)}]`, undefined],
    ["a name that is escaped", `42["c\\u0061ll",${envelope("call", data)}]`, undefined],
    ["space where nobody puts it", `42[ "call",${envelope("call", data)}]`, undefined]
  ] as const)("an event is skimmed only as Evolution writes it: %s", ([_, frame, text]) =>
    Effect.gen(function* () {
      const socket = yield* joined(frame)
      const [event] = yield* firstOf(socket, 1)
      expect(event?.name).toBe("call")
      expect(event?.envelope && String(event.envelope.data)).toBe(text)
    })
  )

  it.scoped("events are counted by path, so that an Evolution that reorders a key is seen", () =>
    Effect.gen(function* () {
      const counts = Effect.forEach(["skimmed", "parsed"], (path) =>
        Effect.map(Metric.value(Metrics.eventsReceived({ path })), ({ count }) => count)
      )
      const usual = envelope("call", data)
      const { instance, ...others } = JSON.parse(usual)
      const reordered = JSON.stringify({ ...others, instance })
      const [skimmed = 0, parsed = 0] = yield* counts
      const socket = yield* joined(`42["call",${usual}]`, `42["call",${usual}]`)
      yield* firstOf(socket, 2)
      expect(yield* counts).toEqual([skimmed + 2, parsed])
      const after = yield* joined(`42["call",${usual}]`, `42["call",${reordered}]`)
      yield* firstOf(after, 2)
      expect(yield* counts).toEqual([skimmed + 3, parsed + 1])
    })
  )

  it.scoped("an event with attachments is parsed", () =>
    Effect.gen(function* () {
      const socket = yield* joined('451-["a",{"_placeholder":true,"num":0}]', Buffer.from("x"))
      const [event] = yield* firstOf(socket, 1)
      expect(event).toMatchObject({ name: "a", payload: "eA==" })
    })
  )

  it.scoped("an event in the place of an attachment breaks the protocol", () =>
    Effect.gen(function* () {
      const socket = yield* joined(
        '451-["a",{"_placeholder":true,"num":0}]',
        `42["call",${envelope("call", "{}")}]`
      )
      expect(yield* Effect.flip(firstOf(socket, 1))).toMatchObject({
        value: { _tag: "ProtocolViolation" }
      })
    })
  )
})
