/** The handlers of endpoints. All state is in the database, so any replica answers by itself. */
import { HttpApiBuilder } from "@effect/platform"
import { Duration, Effect, Option, Redacted } from "effect"
import { Audit } from "../../Access/Audit.ts"
import { Endpoints } from "../../Delivery/Endpoints.ts"
import { Replays } from "../../Delivery/Replays.ts"
import { Standing } from "../../Delivery/Standing.ts"
import { Caller, holds } from "../../Domain/Key.ts"
import { Api } from "../Api.ts"
import * as ByHand from "./Endpoints/ByHand.ts"
import {
  commanding,
  knowingServers,
  reading,
  shaping,
  staying,
  view,
  views
} from "./Endpoints/Seen.ts"
import { holding } from "./Permission.ts"
import { orUnavailable } from "./Unavailable.ts"

const withSecret = ({
  endpoint,
  secret
}: {
  readonly endpoint: Parameters<typeof view>[0]
  readonly secret: Redacted.Redacted | null
}) =>
  Effect.map(view(endpoint), (shown) => ({
    ...shown,
    secret: secret === null ? null : Redacted.value(secret)
  }))

export const endpoints = HttpApiBuilder.group(Api, "endpoints", (handlers) =>
  Effect.map(Effect.all([Endpoints, Audit]), ([store, audit]) =>
    handlers
      .handle("create", ({ payload: { secret, start, ...settings } }) =>
        audit.record(
          `create_endpoint ${settings.name}`,
          null
        )(
          Effect.gen(function* () {
            yield* holding("operate")
            yield* shaping({ settings })
            yield* knowingServers({ settings })
            const { instances, servers } = yield* Caller
            const made = yield* store.create({
              settings,
              secret,
              start,
              bounds: { instances, servers }
            })
            return yield* withSecret({ ...made, secret: Option.getOrNull(made.secret) })
          }).pipe(orUnavailable)
        )
      )
      .handle("list", () => views)
      .handle("get", ({ path: { id } }) => reading(id, view))
      .handle("update", ({ path: { id }, payload }) =>
        commanding("update_endpoint", id, () =>
          Effect.flatMap(
            store.update(id, payload, (next, before) =>
              Effect.all([shaping(before), shaping(next), knowingServers(next), staying(next)])
            ),
            view
          )
        )
      )
      .handle("remove", ({ path: { id } }) =>
        commanding("remove_endpoint", id, (endpoint) =>
          Effect.zipRight(shaping(endpoint), store.remove(id))
        )
      )
      .handle("pause", ({ path: { id } }) =>
        commanding("pause_endpoint", id, () => Effect.flatMap(store.pause(id), view))
      )
      .handle("resume", ({ path: { id }, payload: { from } }) =>
        commanding("resume_endpoint", id, () => Effect.flatMap(store.resume(id, from), view))
      )
      .handle("rotate", ({ path: { id }, payload: { overlap, secret } }) =>
        commanding("rotate_endpoint", id, () =>
          Effect.flatMap(
            store.rotate(id, {
              secret,
              overlap: overlap === undefined ? undefined : Duration.seconds(overlap)
            }),
            withSecret
          )
        )
      )
      .handle("test", ({ path: { id } }) => commanding("test_endpoint", id, ByHand.test))
      .handle("deliver", ({ path: { id }, payload: { eventId } }) =>
        commanding("deliver_by_endpoint", id, (endpoint) => ByHand.deliver(endpoint, eventId))
      )
  )
)

export const deliveries = HttpApiBuilder.group(Api, "deliveries", (handlers) =>
  Effect.map(Effect.all([Standing, Replays]), ([standing, replays]) =>
    handlers
      .handle("lanes", ({ path: { id }, urlParams: { limit = 100 } }) =>
        reading(id, (endpoint) =>
          Effect.map(standing.lanes(endpoint, limit), (lanes) => ({ lanes }))
        )
      )
      .handle("attempts", ({ path: { id }, urlParams: { before, limit = 100 } }) =>
        reading(id, () =>
          Effect.map(
            Effect.all([standing.attempts(id, { before, limit }), Caller]),
            ([attempts, caller]) => ({
              // An answer of an internal service would be readable through us.
              attempts: holds(caller, "admin")
                ? attempts
                : attempts.map((one) => ({ ...one, excerpt: null, address: null }))
            })
          )
        )
      )
      .handle("undelivered", ({ path: { id }, urlParams: { before, limit = 100 } }) =>
        reading(id, () =>
          Effect.map(standing.undelivered(id, { before, limit }), (undelivered) => ({
            undelivered
          }))
        )
      )
      .handle("retry", ({ path: { id }, payload: { eventId } }) =>
        commanding("retry_undelivered", id, () =>
          Effect.map(standing.retry(id, eventId), (count) => ({ count }))
        )
      )
      .handle("forgetAll", ({ path: { id } }) =>
        commanding("forget_undelivered", id, () =>
          Effect.map(standing.forget(id), (count) => ({ count }))
        )
      )
      .handle("forget", ({ path: { event, id } }) =>
        commanding("forget_undelivered", id, () =>
          Effect.map(standing.forget(id, event), (count) => ({ count }))
        )
      )
      .handle("replay", ({ path: { id }, payload }) =>
        commanding("replay", id, () => replays.create(id, payload))
      )
      .handle("replays", ({ path: { id } }) => reading(id, () => replays.list(id)))
      .handle("cancel", ({ path: { id, replay } }) =>
        commanding("cancel_replay", id, () => replays.cancel(id, replay))
      )
  )
)
