/** Changes of endpoints. */
import { DateTime, type Duration, Effect, type Redacted } from "effect"
import { type Endpoint, EndpointInFile, EndpointRefused } from "../../Domain/Endpoint.ts"
import * as Signature from "../Signature.ts"
import type { From } from "./Asked.ts"
import { absentReason } from "./FromFile/Plan.ts"
import * as Place from "./Place.ts"
import { type Room, sealed } from "./Room.ts"
import type { Entry } from "./Rows.ts"
import * as Table from "./Table.ts"
import * as Vault from "./Vault.ts"
import * as Wanted from "./Wanted.ts"

const endpointOf = ({ endpoint }: Entry) => endpoint

const allowAll = () => Effect.void

export const update =
  ({ change, forWriting, guarded }: Room) =>
  <E = never, R = never>(
    id: string,
    patch: Readonly<Record<string, unknown>>,
    allow: (next: Endpoint, before: Endpoint) => Effect.Effect<unknown, E, R> = allowAll
  ) =>
    change(id, ({ endpoint, vault }) =>
      Effect.gen(function* () {
        if (endpoint.source === "file") return yield* EndpointInFile.of(endpoint.settings.name)
        const wanted = yield* Wanted.patch(endpoint.settings, patch)
        const { settings } = wanted
        yield* allow({ ...endpoint, settings }, endpoint)
        yield* guarded(settings, endpoint.settings)
        return { settings, vault: sealed(id, vault, yield* forWriting, wanted) }
      })
    ).pipe(Table.orTaken(String(patch.name)), Effect.map(endpointOf))

export const rotate =
  ({ change, forWriting, secrets }: Room) =>
  (
    id: string,
    options: {
      readonly secret?: Redacted.Redacted | undefined
      readonly overlap?: Duration.Duration | undefined
    } = {}
  ) =>
    Effect.gen(function* () {
      const { overlap, secret = yield* Signature.generate } = options
      secrets.add([secret])
      const { endpoint } = yield* change(id, ({ endpoint, vault }) =>
        Effect.gen(function* () {
          if (endpoint.settings.target.type !== "webhook")
            return yield* new EndpointRefused({ message: "Messages to a broker are not signed" })
          const [cipher, now] = yield* Effect.all([forWriting, DateTime.now])
          return { vault: Vault.rotated({ cipher, id }, vault, secret, now, overlap) }
        })
      )
      return { endpoint, secret }
    })

export const remove =
  ({ memory, table }: Room) =>
  (id: string) =>
    memory.drop(
      id,
      Effect.gen(function* () {
        const { endpoint } = yield* table.read(id)
        if (endpoint.source === "file" && endpoint.reason !== absentReason)
          return yield* EndpointInFile.of(endpoint.settings.name)
        yield* table.remove(id)
      })
    )

export const pause =
  ({ change }: Room) =>
  (id: string) =>
    Effect.map(
      change(id, ({ endpoint: { state } }) =>
        // A disabled one stays so: its reason is to be seen.
        Effect.succeed({ state: state === "active" ? ("paused" as const) : state })
      ),
      endpointOf
    )

export const resume =
  ({ change, memory, sql, table }: Room) =>
  (id: string, from: From = "cursor") =>
    Effect.gen(function* () {
      if (from === "cursor")
        return yield* change(id, () => Effect.succeed({ state: "active" as const, reason: null }))
      const startsAfter = from === "now" ? yield* Place.newest(sql) : yield* Place.before(sql, from)
      return yield* memory.put(table.restart(id, startsAfter))
    }).pipe(Effect.map(endpointOf))

export const disable =
  ({ memory, table }: Room) =>
  (id: string, reason: string) =>
    memory.put(Effect.flatMap(table.disable(id, reason), (entry) => entry)).pipe(
      // It is gone, or not active.
      Effect.catchTag("NoSuchElementException", () => Effect.void),
      Effect.asVoid
    )
