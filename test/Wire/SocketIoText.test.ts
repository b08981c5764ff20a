import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { firstOf, joined } from "./Joined.ts"

describe("the text of an event", () => {
  it.scoped.each([
    ["an object", '42["a",{"b":"é, \\"c\\""}]', '{"b":"é, \\"c\\""}'],
    ["of a namespace", '42/shop-1,["messages.upsert",{"ç":1}]', '{"ç":1}'],
    ["with an acknowledgement asked for", '4217["a",{}]', "{}"],
    ["several arguments", '42["a",1,2]', undefined],
    ["no argument", '42["a"]', undefined],
    ["a name that is escaped", '42["a\\"",1]', undefined],
    ["space where nobody puts it", '42[ "a",1]', undefined]
  ] as const)("is what stands there: %s", ([_, frame, text]) =>
    Effect.gen(function* () {
      const socket = yield* joined(frame)
      const [event] = yield* firstOf(socket, 1)
      const { text: found, utf8 } = event?.verbatim ?? {}
      expect(found).toBe(text)
      expect(utf8 && Buffer.from(utf8).toString()).toBe(text)
    })
  )

  it.scoped("is none when it has attachments", () =>
    Effect.gen(function* () {
      const socket = yield* joined('451-["a",{"_placeholder":true,"num":0}]', Buffer.from("x"))
      const [event] = yield* firstOf(socket, 1)
      expect(event).toMatchObject({ payload: "eA==", verbatim: undefined })
    })
  )
})
