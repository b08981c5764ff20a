/** Sinks to receivers of this machine. */
import type { ServerResponse } from "node:http"
import { Effect, type Layer, Redacted } from "effect"
import * as Guard from "../../../src/Delivery/Guard.ts"
import * as Webhook from "../../../src/Delivery/Sink/Webhook.ts"
import { outgoing } from "../messages.ts"
import { type Call, receiver } from "./receiver.ts"

export const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`

const usual = {
  signing: [Redacted.make(secret)],
  timeout: 5,
  shape: "full" as const
}

export const local = Guard.make({ allow: ["127.0.0.0/8"] })

interface Opening extends Partial<Webhook.Options> {
  /** `127.0.0.1` if absent. */
  readonly host?: string
  readonly path?: string
  readonly answer?: (response: ServerResponse, call: Call) => void
}

/** A receiver, and the sink to it. */
export const open = (
  {
    answer = (response) => response.end(),
    host = "127.0.0.1",
    path = "/hook",
    ...options
  }: Opening,
  guard?: Layer.Layer<Guard.Guard>
) =>
  Effect.gen(function* () {
    const there = yield* receiver(answer)
    const made = Webhook.make({ ...usual, url: `http://${host}:${there.port}${path}`, ...options })
    const sink = yield* guard === undefined
      ? Effect.provideService(made, Guard.Guard, local)
      : Effect.provide(made, guard)
    return { ...there, send: sink.send }
  })

/** The failure of one message to an address. */
export const refusalOf = (options: Partial<Webhook.Options> & { readonly url: string }) =>
  Effect.scoped(
    Effect.flatMap(Webhook.make({ ...usual, ...options }), ({ send }) =>
      Effect.flip(send(outgoing()))
    )
  )
