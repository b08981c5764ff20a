/** The handlers of the API. Each one checks permission and calls a service. */
import { HttpApiBuilder } from "@effect/platform"
import { Duration, Effect, Redacted } from "effect"
import { Audit } from "../Access/Audit.ts"
import { KeyStore } from "../Access/KeyStore.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import { Caller, sees } from "../Domain/Key.ts"
import type { ServerId } from "../Domain/Server.ts"
import * as Domain from "../Domain/Summary.ts"
import { Health } from "../Instances/Health.ts"
import { type Owned, Servers } from "../Instances/Servers.ts"
import { EventBus } from "../Log/EventBus.ts"
import { EventStore } from "../Log/EventStore.ts"
import { tokenLifetime } from "./Api/Events.ts"
import { linkLifetime } from "./Api/Pairing.ts"
import { Api, KeyNotFound, PairingPass } from "./Api.ts"
import { Session } from "./Auth/Session.ts"
import { Tokens } from "./Auth/Tokens.ts"
import { Guest } from "./Guest.ts"
import * as CrossOrigin from "./Handlers/CrossOrigin.ts"
import * as EventsPage from "./Handlers/EventsPage.ts"
import {
  administering,
  commanding,
  holding,
  mayAdminister,
  seeingAll,
  watching,
  whileValid
} from "./Handlers/Permission.ts"
import * as Target from "./Handlers/Target.ts"
import { orUnavailable } from "./Handlers/Unavailable.ts"
import { Live } from "./Live.ts"
import { Metrics } from "./Metrics.ts"
import { Peers } from "./Peers.ts"
import * as QrImage from "./QrImage.ts"

export { cluster } from "./Handlers/Cluster.ts"
export { deliveries, endpoints } from "./Handlers/Endpoints.ts"
export { instances } from "./Handlers/Instances.ts"

export const events = HttpApiBuilder.group(Api, "events", (handlers) =>
  Effect.map(Effect.all([EventStore, EventBus]), ([store, bus]) =>
    handlers.handleRaw("read", ({ urlParams }) =>
      orUnavailable(EventsPage.respond(store, bus)(urlParams))
    )
  )
)

export const streamTokens = HttpApiBuilder.group(Api, "streamTokens", (handlers) =>
  Effect.map(Tokens, ({ issue }) =>
    handlers.handle("make", ({ payload: { ttl = tokenLifetime.usual } }) =>
      Effect.flatMap(Caller, ({ id }) => issue("stream", id ?? "", Duration.seconds(ttl)))
    )
  )
)

export const live = HttpApiBuilder.group(Api, "live", (handlers) =>
  Effect.map(Effect.all([Live, CrossOrigin.sharing]), ([{ respond: stream }, sharing]) => {
    const respond = (
      instance: InstanceName | undefined,
      { headers, urlParams: { after, event, notes, server } }: Streamed
    ) =>
      Effect.flatMap(Target.ofEvents(instance, server), (servers) =>
        sharing(
          stream({
            after: headers["last-event-id"] ?? after,
            events: event,
            instance,
            notes,
            servers
          })
        )
      )
    return handlers
      .handleRaw("all", (request) => respond(request.urlParams.instance, request))
      .handleRaw("one", (request) => respond(request.path.name, request))
  })
)

interface Streamed {
  readonly headers: { readonly "last-event-id"?: number | undefined }
  readonly urlParams: {
    readonly after?: number | undefined
    readonly event?: ReadonlyArray<string> | undefined
    readonly notes?: boolean | undefined
    readonly server?: ServerId | undefined
  }
}

export const pairing = HttpApiBuilder.group(Api, "pairing", (handlers) =>
  Effect.map(Guest, (guest) =>
    handlers
      .handleRaw("qrcode", ({ path, request, urlParams }) => {
        const { after, format, wait = 0 } = urlParams
        // A code is a credential: it links a phone. So it takes more than the scope `read`.
        return holding("operate").pipe(
          Effect.zipRight(
            watching({ path, urlParams }, (one, name) =>
              whileValid(one.pairing.qrcode(name, { after, wait: Duration.seconds(wait) }))
            )
          ),
          Effect.flatMap((qr) => QrImage.respond(qr, format ?? QrImage.preferred(request)))
        )
      })
      .handle("request", (request) =>
        commanding("request_qr", request, (one, name) => one.pairing.request(name))
      )
      .handle("pair", (request) =>
        commanding("pair", request, (one, name) => one.pairing.pair(name, request.payload.number))
      )
      .handle("link", (request) => {
        const { ttl = linkLifetime.usual } = request.payload
        return commanding("make_pairing_link", request, ({ id, instances }, instance) =>
          Effect.zipRight(
            instances.status(instance),
            guest.link({ instance, server: id }, Duration.seconds(ttl))
          )
        )
      })
  )
)

export const pairingPage = HttpApiBuilder.group(Api, "pairingPage", (handlers) =>
  Effect.map(Effect.all([Guest, Servers]), ([{ respond }, servers]) =>
    handlers.handleRaw("stream", () =>
      Effect.gen(function* () {
        const one = servers.get((yield* PairingPass).server)
        // A reading request is never of unknown outcome.
        if (one !== undefined)
          yield* Effect.catchTag(Target.owned(one), "OutcomeUnknown", Effect.die)
        return yield* respond
      })
    )
  )
)

export const session = HttpApiBuilder.group(Api, "session", (handlers) =>
  Effect.map(Session, ({ open }) => handlers.handle("open", ({ payload }) => open(payload.ticket)))
)

export const keys = HttpApiBuilder.group(Api, "keys", (handlers) =>
  Effect.map(Effect.all([KeyStore, Audit]), ([store, audit]) =>
    handlers
      .handle("self", () => Caller)
      .handle("list", () => Effect.zipRight(mayAdminister, store.all))
      .handle("make", ({ payload }) => {
        const { expiresAt = null, instances = null, name, scope, servers = null } = payload
        return administering(
          "make_key",
          Effect.forEach(servers ?? [], Target.server).pipe(
            Effect.zipRight(
              orUnavailable(store.create({ name, scope, instances, servers, expiresAt }))
            ),
            Effect.map(([made, key]) => ({ ...made, key: Redacted.value(key) }))
          )
        )
      })
      .handle("revoke", ({ path: { id } }) =>
        administering(
          "revoke_key",
          Effect.flatMap(orUnavailable(store.revoke(id)), (found) =>
            Effect.mapError(
              found,
              () => new KeyNotFound({ message: `There is no key "${id}": see GET /keys` })
            )
          )
        )
      )
      .handle("audit", ({ urlParams: { before, limit = 100 } }) =>
        Effect.zipRight(
          mayAdminister,
          Effect.map(orUnavailable(audit.read({ before, limit })), (rows) => ({ rows }))
        )
      )
  )
)

export const summary = HttpApiBuilder.group(Api, "summary", (handlers) =>
  handlers.handle("summary", ({ urlParams: { server } }) =>
    Effect.gen(function* () {
      const isSeen = sees(yield* Caller)
      const of = ({ id, summary }: Owned) => summary.of((name) => isSeen(name, id))
      const usual = yield* Target.usual(server)
      const { gather, inReach } = yield* Peers
      const seen = yield* Target.visible
      const near = yield* inReach(seen)
      const asked = seen.filter((one) => one === usual || near.includes(one))
      const all = yield* gather(asked, { here: of, there: Domain.ServerSummary, isWhole: false })
      const one = yield* Effect.fromNullable(all[asked.indexOf(usual)]).pipe(Effect.orDie)
      return Domain.together(one, all)
    })
  )
)

export const health = HttpApiBuilder.group(Api, "health", (handlers) =>
  Effect.map(Health, ({ live, ready }) => {
    const well = Effect.as({ status: "ok" as const })
    return handlers.handle("live", () => well(live)).handle("ready", () => well(ready))
  })
)

export const metrics = HttpApiBuilder.group(Api, "metrics", (handlers) =>
  Effect.map(Metrics, ({ text }) =>
    handlers.handle("metrics", () => Effect.zipRight(seeingAll, text))
  )
)
