/** The API's handlers: a line each, since what they do lives elsewhere. */
import { HttpApiBuilder } from "@effect/platform"
import { SqlError } from "@effect/sql"
import { Effect } from "effect"
import { DatabaseUnavailable } from "../Domain/DatabaseUnavailable.ts"
import { toWireName } from "../Domain/EventName.ts"
import { EventStore } from "../EventStore.ts"
import { Ingest } from "../Ingest.ts"
import { Instances } from "../Instances.ts"
import { detailOf } from "../Sql/Failure.ts"
import { Api } from "./Api.ts"
import { Live } from "./Live.ts"

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
      .handle("qrcode", ({ path }) => service.qrcode(path.name))
  )
)

export const events = HttpApiBuilder.group(Api, "events", (handlers) =>
  Effect.map(EventStore, (store) =>
    handlers.handle("read", ({ urlParams: { after = 0, event, instance, limit = 100 } }) =>
      Effect.map(
        orUnavailable(store.read({ after, instance, limit, event: event && toWireName(event) })),
        (found) => ({ events: found, next: found.at(-1)?.id ?? after })
      )
    )
  )
)

export const live = HttpApiBuilder.group(Api, "live", (handlers) =>
  Effect.map(Live, ({ respond }) =>
    handlers
      .handleRaw("all", ({ headers, urlParams }) =>
        respond({ ...urlParams, after: headers["last-event-id"] ?? urlParams.after })
      )
      .handleRaw("one", ({ headers, path, urlParams }) =>
        respond({
          ...urlParams,
          instance: path.name,
          after: headers["last-event-id"] ?? urlParams.after
        })
      )
  )
)

export const health = HttpApiBuilder.group(Api, "health", (handlers) =>
  Effect.map(Effect.all([EventStore, Ingest]), ([store, ingest]) =>
    handlers
      .handle("live", () => Effect.succeed({ status: "ok" as const }))
      .handle("ready", () =>
        store.ping.pipe(
          Effect.timeout("2 seconds"),
          Effect.mapError(databaseUnavailable),
          Effect.zipRight(ingest.degraded),
          // It may answer and take nothing: read-only, or full.
          Effect.filterOrFail(
            (degraded) => degraded === null,
            (degraded) => new DatabaseUnavailable({ message: degraded?.message ?? "" })
          ),
          Effect.as({ status: "ok" as const })
        )
      )
  )
)
