/** Starts the brokers that do not run here, prints the settings that name them, and stops them when it is asked to end. */
import { Effect } from "effect"
import { hasNats, hasRabbitMq, listens, nats, natsUrl, rabbitMq, rabbitMqUrl } from "./Brokers.ts"

const say = (line: string) => Effect.sync(() => process.stdout.write(`${line}\n`))
const runs = (url: string) => Effect.promise(() => listens(url))

const program = Effect.gen(function* () {
  if (hasRabbitMq && !(yield* runs(rabbitMqUrl)))
    yield* say(`TEST_RABBITMQ_URL=${(yield* rabbitMq).url()}`)
  if (hasNats && !(yield* runs(natsUrl)))
    yield* say(`TEST_NATS_URL=nats://127.0.0.1:${(yield* nats()).port}`)
  yield* say("ready")
  yield* Effect.async<void>((resume) => {
    process.once("SIGTERM", () => resume(Effect.void))
    process.once("SIGINT", () => resume(Effect.void))
    // A process without work would end.
    const work = setInterval(() => undefined, 60_000)
    return Effect.sync(() => clearInterval(work))
  })
})

await Effect.runPromise(Effect.scoped(program))
process.exit(0)
