import { Config, Console, Effect, Stream } from "effect"
import { Client } from "../../../src/Client/Effect.ts"

const program = Effect.gen(function* () {
  const client = yield* Client
  const instances = yield* client.instances.list({ urlParams: {} })
  yield* Console.log(instances.map(({ name, userAction }) => `${name}: ${userAction}`))
  yield* client.events({ after: 0, event: ["messages.upsert", "call"] }).pipe(
    Stream.catchTag("EventsMissed", ({ cursor }) => client.events({ after: cursor })),
    Stream.runForEach(({ data, id }) => Console.log(id, data))
  )
})

const apiKey = Config.redacted("API_KEY")

Effect.runFork(
  Effect.flatMap(apiKey, (key) =>
    Effect.provide(program, Client.layerFetch({ baseUrl: "http://localhost:8000", apiKey: key }))
  )
)
