/** The service `Endpoints`, on its table. */
import { DateTime, Effect, Option, Order } from "effect"
import { Settings as Environment } from "../../AppConfig/Settings.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import { Secrets } from "../../Telemetry/Secrets.ts"
import * as Attempts from "./Attempts.ts"
import * as Changing from "./Changing.ts"
import * as Creating from "./Creating.ts"
import * as Credentials from "./Credentials.ts"
import * as FromFile from "./FromFile.ts"
import * as Room from "./Room.ts"
import type { Entry } from "./Rows.ts"
import * as Vault from "./Vault.ts"

const byAge = Order.mapInput(DateTime.Order, ({ endpoint }: Entry) => endpoint.createdAt)

/** Encrypts what an older key encrypted with the one of now, and warns of what no key can read. */
const reseal = ({ change, cipher, memory }: Room.Room) =>
  Effect.gen(function* () {
    const entries = memory
      .all()
      .filter(({ vault }) => [...vault.signing, ...Object.values(vault.headers)].length > 0)
    if (entries.length === 0) return
    const key = yield* cipher
    const now = yield* DateTime.now
    for (const { endpoint, vault } of entries) {
      const of = { cipher: key, id: endpoint.id }
      const { unreadable } = Vault.open(of, vault, now)
      if (unreadable.length > 0)
        yield* Effect.logWarning(Credentials.unreadableWords(endpoint.settings.name, unreadable))
      if (Option.isSome(Vault.resealed(of, vault)))
        yield* change(endpoint.id, (entry) =>
          Effect.succeed({
            vault: Option.getOrElse(Vault.resealed(of, entry.vault), () => entry.vault)
          })
        )
    }
  }).pipe(
    Effect.catchAll((error) =>
      Effect.logWarning(
        `Cannot encrypt the endpoints' secrets anew, trying again at the next start: ${detailOf(error)}`
      )
    )
  )

export const make = Effect.gen(function* () {
  const room = yield* Room.make
  const { cipher, environment, get, memory, secrets } = room
  yield* reseal(room)
  yield* Attempts.pruning

  const credentials = (id: string) =>
    Effect.gen(function* () {
      const entry = yield* Effect.mapError(get(id), ({ message }) =>
        Credentials.ours(`Cannot send: ${message}`)
      )
      return yield* Credentials.of(entry, yield* Credentials.orOurs(cipher))
    }).pipe(
      Effect.provideService(Environment, environment),
      Effect.provideService(Secrets, secrets)
    )

  return {
    all: Effect.sync(() => [...memory.all()].sort(byAge).map(({ endpoint }) => endpoint)),
    get: (id: string) => Effect.map(get(id), ({ endpoint }) => endpoint),
    startsAfter: (id: string) => Effect.map(get(id), ({ startsAfter }) => startsAfter),
    changes: memory.changes,
    refresh: memory.refresh,
    touch: memory.touch,
    create: Creating.create(room),
    settle: FromFile.settle(room),
    update: Changing.update(room),
    rotate: Changing.rotate(room),
    remove: Changing.remove(room),
    pause: Changing.pause(room),
    resume: Changing.resume(room),
    disable: Changing.disable(room),
    credentials,
    trouble: (id: string) =>
      Effect.map(
        Effect.flip(credentials(id)).pipe(Effect.option),
        Option.map(({ message }) => message)
      )
  }
})
