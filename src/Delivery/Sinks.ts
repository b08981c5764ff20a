/** Opens the way to an endpoint's receiver, whatever its type. Deliveries and tests by hand go the same way. */
import type { SqlClient } from "@effect/sql"
import { type ConfigError, Context, Effect, Layer, Option, Redacted, type Scope } from "effect"
import type { Settings } from "../AppConfig/Settings.ts"
import { defaults, type Endpoint } from "../Domain/Endpoint.ts"
import { Endpoints } from "./Endpoints.ts"
import { Guard } from "./Guard.ts"
import * as Nats from "./Sink/Nats.ts"
import * as RabbitMq from "./Sink/RabbitMq.ts"
import * as Webhook from "./Sink/Webhook.ts"
import type { DeliveryFailed, Sink } from "./Sink.ts"
import * as Beside from "./Sinks/Beside.ts"

export class Sinks extends Context.Tag("evolution-listener/Sinks")<
  Sinks,
  {
    /** Fails with the kind `ours` where the endpoint's credentials cannot be had. */
    readonly open: (endpoint: Endpoint) => Effect.Effect<Sink, DeliveryFailed, Scope.Scope>
  }
>() {
  static readonly layer: Layer.Layer<
    Sinks,
    ConfigError.ConfigError,
    Endpoints | Settings | SqlClient.SqlClient
  > = Layer.scoped(
    Sinks,
    Effect.suspend(() => make)
  ).pipe(Layer.provide(Guard.layer))
}

const make = Effect.gen(function* () {
  const { credentials } = yield* Endpoints
  const guard = yield* Guard
  const beside = yield* Beside.make

  return Sinks.of({
    open: ({ id, settings: { byEvents = false, name, shape = defaults.shape, target } }) =>
      Effect.gen(function* () {
        const { headers, signing, url } = yield* credentials(id)
        const address = Option.getOrElse(url, () => Redacted.make(""))
        switch (target.type) {
          case "webhook": {
            const timeout = target.timeout ?? defaults.timeout
            return yield* Webhook.make({
              url: target.url,
              headers,
              signing,
              timeout,
              shape,
              byEvents,
              beside
            }).pipe(Effect.provideService(Guard, guard))
          }
          case "rabbitmq":
            return yield* RabbitMq.make({ target, url: address, shape, beside, name })
          case "nats":
            return yield* Nats.make({ target, url: address, shape, beside, name })
        }
      })
  })
})
