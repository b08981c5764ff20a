/** The API's handlers: a line each, since what they do lives elsewhere. */
import { HttpApiBuilder } from "@effect/platform"
import { SqlError } from "@effect/sql"
import { Duration, Effect } from "effect"
import { DatabaseUnavailable } from "../Domain/DatabaseUnavailable.ts"
import { EventStore } from "../EventStore.ts"
import { Ingest } from "../Ingest.ts"
import { Instances } from "../Instances.ts"
import { Pairing } from "../Pairing.ts"
import { detailOf } from "../Sql/Failure.ts"
import { Api } from "./Api.ts"
import { Guest } from "./Guest.ts"
import { Live } from "./Live.ts"
import * as QrImage from "./QrImage.ts"
import { Session } from "./Session.ts"

const databaseUnavailable = (error: unknown) =>
  new DatabaseUnavailable({ message: `The database does not answer: ${detailOf(error)}` })

/** A failed statement, as the API knows it. */
const orUnavailable = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.catchIf(
    effect,
    (error): error is Extract<E, SqlError.SqlError> => error instanceof SqlError.SqlError,
    databaseUnavailable
  )

export const instances = HttpApiBuilder.group(Api, "instances", (handlers) =>
  Effect.map(Instances, (service) =>
    handlers
      .handle("create", ({ payload }) => orUnavailable(service.create(payload)))
      .handle("list", () => service.all)
      .handle("get", ({ path }) => service.status(path.name))
      .handle("remove", ({ path }) => orUnavailable(service.remove(path.name)))
      .handle("start", ({ path }) => orUnavailable(service.start(path.name)))
      .handle("stop", ({ path }) => orUnavailable(service.stop(path.name)))
      .handle("restart", ({ path }) => orUnavailable(service.restart(path.name)))
      .handle("status", ({ path }) => service.status(path.name))
      .handle("gaps", ({ path, urlParams: { limit = 100 } }) =>
        Effect.map(orUnavailable(service.gaps(path.name, limit)), (gaps) => ({ gaps }))
      )
      .handle("timeline", ({ path, urlParams: { hours = 24 } }) =>
        orUnavailable(service.timeline(path.name, Duration.hours(hours)))
      )
  )
)

export const events = HttpApiBuilder.group(Api, "events", (handlers) =>
  Effect.map(EventStore, (store) =>
    handlers.handle("read", ({ urlParams: { after = 0, event: events, instance, limit = 100 } }) =>
      Effect.map(orUnavailable(store.read({ after, events, instance, limit })), (found) => ({
        events: found,
        next: found.at(-1)?.id ?? after
      }))
    )
  )
)

export const live = HttpApiBuilder.group(Api, "live", (handlers) =>
  Effect.map(Live, ({ respond }) =>
    handlers
      .handleRaw("all", ({ headers, urlParams: { after, event, instance } }) =>
        respond({ after: headers["last-event-id"] ?? after, events: event, instance })
      )
      .handleRaw("one", ({ headers, path, urlParams: { after, event } }) =>
        respond({ after: headers["last-event-id"] ?? after, events: event, instance: path.name })
      )
  )
)

export const pairing = HttpApiBuilder.group(Api, "pairing", (handlers) =>
  Effect.map(Effect.all([Guest, Pairing, Instances]), ([guest, service, { status }]) =>
    handlers
      .handleRaw("qrcode", ({ path, request, urlParams: { after, format, wait = 0 } }) =>
        Effect.flatMap(service.qrcode(path.name, { after, wait: Duration.seconds(wait) }), (qr) =>
          QrImage.respond(qr, format ?? QrImage.preferred(request))
        )
      )
      .handle("request", ({ path }) => service.request(path.name))
      .handle("pair", ({ path, payload }) => service.pair(path.name, payload.number))
      .handle("link", ({ path, payload }) =>
        Effect.zipRight(status(path.name), guest.link(path.name, Duration.seconds(payload.ttl)))
      )
  )
)

export const pairingPage = HttpApiBuilder.group(Api, "pairingPage", (handlers) =>
  Effect.map(Guest, ({ respond }) => handlers.handleRaw("stream", () => respond))
)

export const session = HttpApiBuilder.group(Api, "session", (handlers) =>
  Effect.map(Session, ({ open }) => handlers.handle("open", ({ payload }) => open(payload.ticket)))
)

export const health = HttpApiBuilder.group(Api, "health", (handlers) =>
  Effect.map(Effect.all([EventStore, Ingest]), ([store, ingest]) =>
    handlers
      .handle("live", () => Effect.succeed({ status: "ok" as const }))
      .handle("ready", () =>
        ingest.degraded.pipe(
          // It may answer and take nothing: read-only, or full.
          Effect.filterOrFail(
            (degraded) => degraded === null,
            (degraded) => new DatabaseUnavailable({ message: degraded?.message ?? "" })
          ),
          Effect.zipRight(
            // To cancel a question takes as long as the database pleases.
            store.ping.pipe(
              Effect.disconnect,
              Effect.timeout("2 seconds"),
              Effect.mapError(databaseUnavailable)
            )
          ),
          Effect.as({ status: "ok" as const })
        )
      )
  )
)
