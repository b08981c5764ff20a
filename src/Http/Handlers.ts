/** The handlers of the API. Each one checks permission and calls a service. */
import { HttpApiBuilder } from "@effect/platform"
import { SqlError } from "@effect/sql"
import { Duration, Effect, Redacted } from "effect"
import { Audit } from "../Access/Audit.ts"
import { KeyStore } from "../Access/KeyStore.ts"
import { DatabaseUnavailable } from "../Domain/DatabaseUnavailable.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import { Caller, sees } from "../Domain/Key.ts"
import { Instances } from "../Instances/Instances.ts"
import { Pairing } from "../Instances/Pairing.ts"
import { Summary } from "../Instances/Summary.ts"
import { EventBus } from "../Log/EventBus.ts"
import { EventStore } from "../Log/EventStore.ts"
import { Health } from "../Log/Health.ts"
import { tokenLifetime } from "./Api/Events.ts"
import { linkLifetime } from "./Api/Pairing.ts"
import { Api, GapNotFound, ImportRunning, KeyNotFound } from "./Api.ts"
import { Session } from "./Auth/Session.ts"
import { Tokens } from "./Auth/Tokens.ts"
import { Guest } from "./Guest.ts"
import * as CrossOrigin from "./Handlers/CrossOrigin.ts"
import * as EventsPage from "./Handlers/EventsPage.ts"
import {
  administering,
  commanding,
  creating,
  holding,
  mayAdminister,
  seeing,
  seeingAll
} from "./Handlers/Permission.ts"
import { Live, type Wanted } from "./Live.ts"
import { Metrics } from "./Metrics.ts"
import * as QrImage from "./QrImage.ts"

const databaseUnavailable = (error: unknown) =>
  new DatabaseUnavailable({ message: `The database does not answer: ${detailOf(error)}` })

/** Maps a failed SQL statement to `DatabaseUnavailable`. */
const orUnavailable = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.catchIf(
    effect,
    (error): error is Extract<E, SqlError.SqlError> => error instanceof SqlError.SqlError,
    databaseUnavailable
  )

export const instances = HttpApiBuilder.group(Api, "instances", (handlers) =>
  Effect.map(Instances, (service) => {
    const command = (action: "start" | "stop" | "restart") => (request: Named) =>
      commanding(action, request.path.name, orUnavailable(service[action](request.path.name)))
    const status = ({ path: { name } }: Named) => seeing(name, service.status(name))
    return handlers
      .handle("create", ({ payload }) => {
        const { integration = "WHATSAPP-BAILEYS", name, number, token, ...settings } = payload
        const input = { integration, name, number, token, settings: Redacted.make(settings) }
        return creating(name, orUnavailable(service.create(input)))
      })
      .handle("list", () =>
        Effect.zipWith(service.all, Caller, (all, caller) => {
          const isSeen = sees(caller)
          return all.filter(({ name }) => isSeen(name))
        })
      )
      .handle("get", status)
      .handle("remove", ({ path: { name }, urlParams: { purge = false } }) => {
        const action = purge ? "purge" : "remove"
        return commanding(action, name, orUnavailable(service[action](name)))
      })
      .handle("start", command("start"))
      .handle("stop", command("stop"))
      .handle("restart", command("restart"))
      .handle("status", status)
      .handle("gaps", ({ path: { name }, urlParams: { limit = 100 } }) =>
        seeing(
          name,
          Effect.map(orUnavailable(service.gaps(name, limit)), (gaps) => ({ gaps }))
        )
      )
      .handle("retryGap", ({ path: { id, name } }) =>
        commanding(
          "retry_gap",
          name,
          Effect.flatMap(
            orUnavailable(service.retryGap(name, id)),
            Effect.mapError(
              () => new GapNotFound({ message: `There is no gap "${id}" of instance "${name}"` })
            )
          )
        )
      )
      .handle("import", ({ path: { name }, payload: { from, limit = null, to = null } }) =>
        commanding(
          "import",
          name,
          Effect.flatMap(
            orUnavailable(service.import(name, { from, to, limit })),
            Effect.mapError(
              () =>
                new ImportRunning({
                  message: `An import of "${name}" is not done yet: see GET /instances/${name}/gaps`
                })
            )
          )
        )
      )
      .handle("timeline", ({ path: { name }, urlParams: { hours = 24 } }) =>
        seeing(name, orUnavailable(service.timeline(name, Duration.hours(hours))))
      )
  })
)

interface Named {
  readonly path: { readonly name: InstanceName }
}

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
    const respond = (wanted: Wanted) => sharing(stream(wanted))
    return handlers
      .handleRaw("all", ({ headers, urlParams: { after, event, instance, notes } }) =>
        respond({ after: headers["last-event-id"] ?? after, events: event, instance, notes })
      )
      .handleRaw("one", ({ headers, path, urlParams: { after, event, notes } }) =>
        respond({
          after: headers["last-event-id"] ?? after,
          events: event,
          instance: path.name,
          notes
        })
      )
  })
)

export const pairing = HttpApiBuilder.group(Api, "pairing", (handlers) =>
  Effect.map(Effect.all([Guest, Pairing, Instances]), ([guest, service, { status }]) =>
    handlers
      .handleRaw("qrcode", ({ path: { name }, request, urlParams: { after, format, wait = 0 } }) =>
        // A code is a credential: it links a phone. So it takes more than the scope `read`.
        holding("operate").pipe(
          Effect.zipRight(
            seeing(name, service.qrcode(name, { after, wait: Duration.seconds(wait) }))
          ),
          Effect.flatMap((qr) => QrImage.respond(qr, format ?? QrImage.preferred(request)))
        )
      )
      .handle("request", ({ path: { name } }) =>
        commanding("request_qr", name, service.request(name))
      )
      .handle("pair", ({ path: { name }, payload }) =>
        commanding("pair", name, service.pair(name, payload.number))
      )
      .handle("link", ({ path: { name }, payload: { ttl = linkLifetime.usual } }) =>
        commanding(
          "make_pairing_link",
          name,
          Effect.zipRight(status(name), guest.link(name, Duration.seconds(ttl)))
        )
      )
  )
)

export const pairingPage = HttpApiBuilder.group(Api, "pairingPage", (handlers) =>
  Effect.map(Guest, ({ respond }) => handlers.handleRaw("stream", () => respond))
)

export const session = HttpApiBuilder.group(Api, "session", (handlers) =>
  Effect.map(Session, ({ open }) => handlers.handle("open", ({ payload }) => open(payload.ticket)))
)

export const keys = HttpApiBuilder.group(Api, "keys", (handlers) =>
  Effect.map(Effect.all([KeyStore, Audit]), ([store, audit]) =>
    handlers
      .handle("self", () => Caller)
      .handle("list", () => Effect.zipRight(mayAdminister, store.all))
      .handle("make", ({ payload: { expiresAt = null, instances = null, name, scope } }) =>
        administering(
          "make_key",
          Effect.map(
            orUnavailable(store.create({ name, scope, instances, expiresAt })),
            ([made, key]) => ({ ...made, key: Redacted.value(key) })
          )
        )
      )
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
  Effect.map(Summary, (service) =>
    handlers.handle("summary", () => Effect.flatMap(Caller, (caller) => service.of(sees(caller))))
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
