/** New endpoints. */
import { randomUUID } from "node:crypto"
import { DateTime, Effect, Option } from "effect"
import { EndpointRefused } from "../../Domain/Endpoint.ts"
import * as Signature from "../Signature.ts"
import type { EndpointWanted } from "./Asked.ts"
import * as Place from "./Place.ts"
import { type Room, sealed } from "./Room.ts"
import type * as Table from "./Table.ts"
import * as Vault from "./Vault.ts"
import * as Wanted from "./Wanted.ts"

export const unsigned = new EndpointRefused({
  message: "secret: Messages to a broker are not signed"
})

/** The row of a new endpoint, and its signing secret. */
export const rowOf =
  ({ forWriting, guarded, secrets, sql }: Room) =>
  ({ bounds, secret, settings, source = "api", start = "now" }: EndpointWanted) =>
    Effect.gen(function* () {
      const wanted = yield* Wanted.create(settings)
      yield* guarded(settings)
      const isSigned = settings.target.type === "webhook"
      if (!isSigned && secret !== undefined) return yield* unsigned
      const id = randomUUID()
      const startsAfter = yield* Place.startOf(sql, start)
      const signing = secret ?? (yield* Signature.generate)
      const vault = isSigned
        ? yield* Effect.map(Effect.all([forWriting, DateTime.now]), ([cipher, now]) =>
            sealed(id, Vault.rotated({ cipher, id }, Vault.empty, signing, now), cipher, wanted)
          )
        : Vault.empty
      if (isSigned) secrets.add([signing])
      const row: Table.New = {
        id,
        settings: wanted.settings,
        vault,
        source,
        bounds: bounds ?? { instances: null, servers: null },
        startsAfter
      }
      return { row, secret: isSigned ? Option.some(signing) : Option.none() }
    })

export const create = (room: Room) => (wanted: EndpointWanted) =>
  Effect.gen(function* () {
    const { memory, table } = room
    const { row, secret } = yield* rowOf(room)(wanted)
    const { endpoint } = yield* memory.put(table.insert(row))
    return { endpoint, secret }
  })
