/** Endpoints as far as the caller may see them. One that it may not see does not exist for it. */
import { Effect, Option } from "effect"
import { Audit } from "../../../Access/Audit.ts"
import { Endpoints } from "../../../Delivery/Endpoints.ts"
import { Standing } from "../../../Delivery/Standing.ts"
import { type Endpoint, EndpointNotFound, isWithin, mayShape } from "../../../Domain/Endpoint.ts"
import { Caller, type Scope } from "../../../Domain/Key.ts"
import type { EndpointView } from "../../Api/Endpoints/Bodies.ts"
import { Forbidden } from "../../Api.ts"
import { holding } from "../Permission.ts"
import * as Target from "../Target.ts"
import { orUnavailable } from "../Unavailable.ts"

/** Fails as if there were no such endpoint where the caller may not see one of its instances. */
export const seen = (id: string) =>
  Effect.gen(function* () {
    const endpoints = yield* Endpoints
    // Another replica may have made it a moment ago.
    yield* endpoints.refresh
    const endpoint = yield* endpoints.get(id)
    return isWithin(endpoint, yield* Caller) ? endpoint : yield* EndpointNotFound.of(id)
  })

/** Reads something of an endpoint. */
export const reading = <A, E, R>(
  id: string,
  read: (endpoint: Endpoint) => Effect.Effect<A, E, R>
) => Effect.flatMap(seen(id), (endpoint) => orUnavailable(read(endpoint)))

/** Runs a command on an endpoint. It is audited with the endpoint's id. */
export const commanding = <A, E, R>(
  action: string,
  id: string,
  command: (endpoint: Endpoint) => Effect.Effect<A, E, R>,
  scope: Scope = "operate"
) =>
  Effect.flatMap(Audit, ({ record }) =>
    record(
      `${action} ${id}`,
      null
    )(
      holding(scope).pipe(
        Effect.zipRight(seen(id)),
        Effect.flatMap((endpoint) => orUnavailable(command(endpoint)))
      )
    )
  )

/** Fails unless the caller may have messages sent where the settings say. */
export const shaping = (endpoint: Pick<Endpoint, "settings">) =>
  Effect.flatMap(Caller, (caller) =>
    mayShape(endpoint, caller)
      ? Effect.void
      : new Forbidden({
          message:
            'Brokers, and headers that refer to variables of this service, need a key with the scope "admin" and without bounds'
        })
  )

/** Fails unless the caller would see the endpoint, too. */
export const staying = (endpoint: Pick<Endpoint, "bounds" | "settings">) =>
  Effect.flatMap(Caller, (caller) =>
    isWithin(endpoint, caller)
      ? Effect.void
      : new Forbidden({
          message: `This key is bound to "${(caller.instances ?? caller.servers ?? []).join('", "')}": the endpoint has to stay within`
        })
  )

/** Fails unless the caller may see each server that the settings name. */
export const knowingServers = ({ settings: { servers = [] } }: Pick<Endpoint, "settings">) =>
  Effect.forEach(servers, Target.server, { discard: true })

const viewOf = (
  { bounds, createdAt, id, reason, settings, source, state, updatedAt }: Endpoint,
  status: EndpointView["status"],
  trouble: Option.Option<string>
): EndpointView => ({
  ...settings,
  id,
  state,
  reason,
  source,
  bounds,
  createdAt,
  updatedAt,
  status,
  trouble: Option.getOrNull(trouble)
})

/** An endpoint with its status. */
export const view = (endpoint: Endpoint) =>
  Effect.gen(function* () {
    const { trouble } = yield* Endpoints
    const standing = yield* Standing
    return viewOf(
      endpoint,
      yield* orUnavailable(standing.status(endpoint.id)),
      yield* trouble(endpoint.id)
    )
  })

/** All endpoints that the caller may see. */
export const views = Effect.gen(function* () {
  const endpoints = yield* Endpoints
  const standing = yield* Standing
  const caller = yield* Caller
  yield* endpoints.refresh
  const statusOf = yield* orUnavailable(standing.statuses)
  const visible = (yield* endpoints.all).filter((endpoint) => isWithin(endpoint, caller))
  return yield* Effect.forEach(visible, (endpoint) =>
    Effect.map(endpoints.trouble(endpoint.id), (trouble) =>
      viewOf(endpoint, statusOf(endpoint.id), trouble)
    )
  )
})
