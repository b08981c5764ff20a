import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { firstOf, joined } from "./Joined.ts"

const envelope = (event: string, data: string) =>
  `{"event":"${event}","instance":"shop-1","data":${data},"server_url":"http://localhost",` +
  `"date_time":"2026-01-01T00:00:00.000Z","apikey":null}`

describe("a Socket.IO event", () => {
  const data = '{"b":"é, \\"c\\""}'

  it.scoped.each([
    ["as it comes", `42["call",${envelope("call", data)}]`],
    ["of a namespace", `42/shop-1,["call",${envelope("call", data)}]`],
    ["with an acknowledgement asked for", `4217["call",${envelope("call", data)}]`],
    ["with a name that is escaped", `42["c\\u0061ll",${envelope("call", data)}]`],
    ["with space where nobody puts it", `42[ "call",${envelope("call", data)}]`]
  ] as const)("is read %s", ([_, frame]) =>
    Effect.gen(function* () {
      const socket = yield* joined(frame)
      const [event] = yield* firstOf(socket, 1)
      expect(event).toMatchObject({ name: "call", payload: { data: JSON.parse(data) } })
    })
  )

  it.scoped("has its attachments as base64 text", () =>
    Effect.gen(function* () {
      const socket = yield* joined('451-["a",{"_placeholder":true,"num":0}]', Buffer.from("x"))
      const [event] = yield* firstOf(socket, 1)
      expect(event).toMatchObject({ name: "a", payload: "eA==" })
    })
  )

  it.scoped("has base64 text also in lists and under a name that JavaScript treats specially", () =>
    Effect.gen(function* () {
      const bytes = '{"_placeholder":true,"num":0}'
      const frame = `451-["a",{"__proto__":{"x":${bytes}},"list":[[${bytes},1]],"none":null}]`
      const [event] = yield* firstOf(yield* joined(frame, Buffer.from("x")), 1)
      expect(JSON.stringify(event?.payload)).toBe(
        '{"__proto__":{"x":"eA=="},"list":[["eA==",1]],"none":null}'
      )
    })
  )

  it.scoped("breaks the protocol in the place of an attachment", () =>
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
