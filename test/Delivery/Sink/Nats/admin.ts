/** What the tests of NATS look at, and set up, beside the sink. */
import { randomUUID } from "node:crypto"
import { type JetStreamManager, jetstreamManager, type StoredMsg } from "@nats-io/jetstream"
import { connect, type NatsConnection } from "@nats-io/transport-node"
import { Effect, Redacted, type Scope } from "effect"
import * as Nats from "../../../../src/Delivery/Sink/Nats.ts"
import type { Sink } from "../../../../src/Delivery/Sink.ts"

type Target = Nats.Options["target"]

export const variable = "DELIVERY_NATS"

export interface Admin {
  /** Names that no other run has; the stream is deleted with the scope. */
  readonly names: { readonly prefix: string; readonly stream: string }
  readonly manager: JetStreamManager
  readonly connection: NatsConnection
  /** Every message of the stream, in its order. */
  readonly read: (stream?: string) => Effect.Effect<ReadonlyArray<StoredMsg>>
}

export const admin = (
  url: string,
  credentials: { readonly user?: string; readonly pass?: string } = {}
): Effect.Effect<Admin, never, Scope.Scope> =>
  Effect.gen(function* () {
    const tag = randomUUID().slice(0, 8)
    const names = { prefix: `test-${tag}`, stream: `test-${tag}` }
    const connection = yield* Effect.acquireRelease(
      Effect.promise(() => connect({ servers: [url], ...credentials })),
      (opened) => Effect.ignore(Effect.tryPromise(() => opened.close()))
    )
    const manager = yield* Effect.promise(() => jetstreamManager(connection))
    yield* Effect.addFinalizer(() =>
      Effect.ignore(Effect.tryPromise(() => manager.streams.delete(names.stream)))
    )
    return {
      names,
      manager,
      connection,
      read: (stream = names.stream) =>
        Effect.promise(async () => {
          const { state } = await manager.streams.info(stream)
          const messages: Array<StoredMsg> = []
          for (let seq = state.first_seq; seq <= state.last_seq && seq > 0; seq++) {
            const message = await manager.streams.getMessage(stream, { seq })
            if (message !== null) messages.push(message)
          }
          return messages
        })
    }
  })

export const sinkTo = (
  url: string,
  target: Omit<Target, "type" | "url"> = {},
  options: Partial<Nats.Options> = {}
): Effect.Effect<Sink, never, Scope.Scope> =>
  Nats.make({
    target: { type: "nats", url: { env: variable }, ...target },
    url: Redacted.make(url),
    shape: "full",
    ...options
  })
