/** Sends one message by each sink whose address is set, and prints what came of it; a test bundles it as the service is. */
import { Effect, Either, Redacted } from "effect"
import * as Nats from "../../../src/Delivery/Sink/Nats.ts"
import * as RabbitMq from "../../../src/Delivery/Sink/RabbitMq.ts"
import type { Outgoing } from "../../../src/Delivery/Sink.ts"

const [name = ""] = process.argv.slice(2)
const url = (variable: string) => Redacted.make(process.env[variable] ?? "")
const message: Outgoing = {
  id: "test_1",
  item: { _tag: "Test", at: 0 },
  previous: null,
  attempt: 1,
  isReplay: false
}

const sent = Effect.scoped(
  Effect.gen(function* () {
    const rabbitMq = yield* RabbitMq.make({
      target: {
        type: "rabbitmq",
        url: { env: "DELIVERY_RABBITMQ" },
        exchange: name,
        queue: { name }
      },
      url: url("DELIVERY_RABBITMQ"),
      shape: "full"
    })
    const nats = yield* Nats.make({
      target: {
        type: "nats",
        url: { env: "DELIVERY_NATS" },
        subject: `${name}.{event}`,
        stream: name
      },
      url: url("DELIVERY_NATS"),
      shape: "full"
    })
    return yield* Effect.forEach([rabbitMq, nats], (sink) => Effect.either(sink.send(message)))
  })
)

const results = await Effect.runPromise(sent)
const told = results.map((result) => (Either.isRight(result) ? "delivered" : result.left.message))
process.stdout.write(JSON.stringify(told))
