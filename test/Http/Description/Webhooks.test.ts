/** The section `webhooks` of the description, against messages that a receiver gets. */
import { OpenApi } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Ajv2020 } from "ajv/dist/2020.js"
import { Effect, Redacted } from "effect"
import type { Outgoing } from "../../../src/Delivery/Sink.ts"
import * as EventCatalog from "../../../src/Domain/EventCatalog.ts"
import { Api } from "../../../src/Http/Api.ts"
import { eventOf, outgoing } from "../../Delivery/messages.ts"
import { open, secret } from "../../Delivery/Sink/open.ts"
import type { Call } from "../../Delivery/Sink/receiver.ts"
import { samplesOf } from "../../support/eventSamples.ts"

const { components, webhooks } = JSON.parse(JSON.stringify(OpenApi.fromApi(Api)))

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
ajv.addSchema({ $id: "api", components, webhooks })

const isBody = (name: string) =>
  ajv.compile({
    $ref: `api#/webhooks/${name}/post/requestBody/content/application~1json/schema`
  })

/** The faults of a call by the section's parameters and body. */
const faultsOf = (name: string, { body, headers }: Pick<Call, "body" | "headers">) => {
  const faults: Array<unknown> = []
  for (const { $ref } of webhooks[name].post.parameters) {
    const parameter = components.parameters[$ref.split("/").at(-1)]
    const value = headers[parameter.name]
    if (value === undefined ? parameter.required : !ajv.validate(parameter.schema, value))
      faults.push(parameter.name)
  }
  const validate = isBody(name)
  if (!validate(JSON.parse(body.toString()))) faults.push(...(validate.errors ?? []))
  return faults
}

const sent = (shape: "full" | "thin", messages: ReadonlyArray<Outgoing>) =>
  Effect.gen(function* () {
    const { calls, send } = yield* open({ shape })
    for (const message of messages) yield* send(message)
    return calls
  })

const missed: Outgoing = {
  ...outgoing(),
  id: "missed_0a5f343e_7_9",
  item: { _tag: "Missed", server: "br", instance: "loja-1", from: 7, to: 9 }
}
const test: Outgoing = {
  ...outgoing(),
  id: "test_8b1ea8e2-0b4f-4d7e-9d3c-1a6f4a8f2a11",
  item: { _tag: "Test", at: Date.UTC(2026, 10, 24) }
}
const events = EventCatalog.names.flatMap((event) =>
  samplesOf(event).map(({ data }) => outgoing(eventOf({ event, instance: "loja-1", data })))
)

const anEvent = outgoing(
  eventOf({
    event: "messages.upsert",
    instance: "loja-1",
    data: {
      key: { id: "3EB0A1", remoteJid: "5511999990001@s.whatsapp.net", fromMe: false },
      message: { conversation: "Olá" }
    }
  })
)

describe("The webhooks in the description", () => {
  it.scoped("describe each event as it is sent in the shapes full and thin", () =>
    Effect.gen(function* () {
      expect(events.length).toBeGreaterThan(EventCatalog.names.length / 2)
      for (const call of yield* sent("full", events))
        expect(faultsOf("event", call), call.body.toString()).toEqual([])
      for (const call of yield* sent("thin", events))
        expect(faultsOf("thinEvent", call), call.body.toString()).toEqual([])
    })
  )

  it.scoped("describe the messages that are about no event, which are the same in both", () =>
    Effect.gen(function* () {
      for (const shape of ["full", "thin"] as const) {
        const [told, tried] = yield* sent(shape, [missed, test])
        expect(told && faultsOf("missed", told)).toEqual([])
        expect(tried && faultsOf("test", tried)).toEqual([])
        expect(told && faultsOf("test", told)).not.toEqual([])
      }
    })
  )

  it.scoped("describe an attempt with two signatures, of a replay, without a `previous`", () =>
    Effect.gen(function* () {
      const { calls, send } = yield* open({
        signing: [Redacted.make(secret), Redacted.make(`whsec_${"a".repeat(32)}`)]
      })
      yield* send({ ...anEvent, previous: null, isReplay: true })
      const [call] = calls
      expect(call && faultsOf("event", call)).toEqual([])
    })
  )

  it.scoped("find a header or a field that is missing, and a shape that is another", () =>
    Effect.gen(function* () {
      const [call] = yield* sent("thin", [outgoing()])
      if (call === undefined) throw new Error("no call")
      const { "webhook-id": _, ...headers } = call.headers
      expect(faultsOf("thinEvent", { ...call, headers })).toEqual(["webhook-id"])
      const unsigned = { ...call.headers, "webhook-signature": "v1,short" }
      expect(faultsOf("thinEvent", { ...call, headers: unsigned })).toEqual(["webhook-signature"])
      const { previous, ...data } = JSON.parse(call.body.toString()).data
      const body = Buffer.from(
        JSON.stringify({ type: "call", timestamp: "2026-11-24T00:00:00Z", data })
      )
      expect(previous).toBe(41)
      expect(faultsOf("thinEvent", { ...call, body })).not.toEqual([])
      expect(faultsOf("event", call)).not.toEqual([])
    })
  )
})
