/** What the tests of RabbitMQ look at, and set up, beside the sink. */
import { randomUUID } from "node:crypto"
import amqp, { type Channel, type GetMessage } from "amqplib"
import { Effect, Redacted, type Scope } from "effect"
import * as RabbitMq from "../../../../src/Delivery/Sink/RabbitMq.ts"
import type { Sink } from "../../../../src/Delivery/Sink.ts"

type Target = RabbitMq.Options["target"]

export const variable = "DELIVERY_RABBITMQ"

/** Names that no other run has, which are deleted with the scope. */
export interface Names {
  readonly exchange: string
  readonly queue: string
}

export interface Admin {
  readonly names: Names
  readonly channel: Channel
  /** Every message of the queue, from now. */
  readonly drain: (queue?: string) => Effect.Effect<ReadonlyArray<GetMessage>>
}

export const admin = (url: string): Effect.Effect<Admin, never, Scope.Scope> =>
  Effect.gen(function* () {
    const tag = randomUUID().slice(0, 8)
    const names = { exchange: `test-events-${tag}`, queue: `test-queue-${tag}` }
    const model = yield* Effect.acquireRelease(
      Effect.promise(() => amqp.connect(url)),
      (opened) => Effect.ignore(Effect.tryPromise(() => opened.close()))
    )
    model.on("error", () => undefined)
    const channel = yield* Effect.promise(() => model.createChannel())
    channel.on("error", () => undefined)
    yield* Effect.addFinalizer(() =>
      Effect.ignore(
        Effect.tryPromise(async () => {
          await channel.deleteQueue(names.queue)
          await channel.deleteExchange(names.exchange)
        })
      )
    )
    return {
      names,
      channel,
      drain: (queue = names.queue) =>
        Effect.promise(async () => {
          const messages: Array<GetMessage> = []
          for (;;) {
            const message = await channel.get(queue, { noAck: true })
            if (message === false) return messages
            messages.push(message)
          }
        })
    }
  })

export const sinkTo = (
  url: string,
  target: Omit<Target, "type" | "url">,
  options: Partial<RabbitMq.Options> = {}
): Effect.Effect<Sink, never, Scope.Scope> =>
  RabbitMq.make({
    target: { type: "rabbitmq", url: { env: variable }, ...target },
    url: Redacted.make(url),
    shape: "full",
    ...options
  })
