/** Opens the way to an endpoint's receiver, whatever its type. Deliveries and tests by hand go the same way. */
import { Context, type Effect, type Scope } from "effect"
import type { Endpoint } from "../Domain/Endpoint.ts"
import type { DeliveryFailed, Sink } from "./Sink.ts"

export class Sinks extends Context.Tag("evolution-listener/Sinks")<
  Sinks,
  {
    /** Fails with the kind `ours` where the endpoint's credentials cannot be had. */
    readonly open: (endpoint: Endpoint) => Effect.Effect<Sink, DeliveryFailed, Scope.Scope>
  }
>() {}
