/** Endpoints of the file: compared with those of the table, and written where they differ. */
import { SqlClient } from "@effect/sql"
import { DateTime, Effect, Either, Option, Redacted, Schema } from "effect"
import { Settings } from "../../Domain/Endpoint.ts"
import * as Signature from "../Signature.ts"
import type { EndpointWanted } from "./Asked.ts"
import type { Cipher } from "./Cipher.ts"
import * as Creating from "./Creating.ts"
import * as Credentials from "./Credentials.ts"
import { absentReason, outcomeOf, planOf, type Step } from "./FromFile/Plan.ts"
import * as Keys from "./Keys.ts"
import { type Room, sealed } from "./Room.ts"
import { type Entry, entriesOf } from "./Rows.ts"
import * as Table from "./Table.ts"
import * as Vault from "./Vault.ts"
import * as Wanted from "./Wanted.ts"

const isSameAs = Schema.equivalence(Settings)

const isValue = (stored: Redacted.Redacted | undefined, wanted: Redacted.Redacted | true) =>
  wanted === true || (stored !== undefined && Redacted.value(stored) === Redacted.value(wanted))

const areSame = (
  stored: Readonly<Record<string, Redacted.Redacted>>,
  wanted: Wanted.Wanted["headers"]
): boolean => {
  const names = Object.entries(wanted)
  return (
    names.length === Object.keys(stored).length &&
    names.every(([name, value]) => isValue(stored[name], value))
  )
}

/** True if the endpoint signs with this secret; without one, with any. */
const signsWith = (
  signing: ReadonlyArray<Redacted.Redacted>,
  secret: Redacted.Redacted | undefined
): boolean => {
  const [newest] = signing
  return secret === undefined ? newest !== undefined : isValue(newest, secret)
}

/** `cipher`: absent where no key is known; then nothing is taken for the same. */
const comparing =
  (cipher: Cipher | undefined, now: DateTime.Utc) =>
  (
    { endpoint: { id, settings, source }, vault }: Entry,
    { secret, settings: next }: EndpointWanted
  ) => {
    const wanted = Wanted.create(next)
    if (cipher === undefined || Either.isLeft(wanted)) return false
    const { headers, signing, unreadable } = Vault.open({ cipher, id }, vault, now)
    const isSigned = next.target.type === "webhook"
    return (
      source === "file" &&
      isSameAs(settings, wanted.right.settings) &&
      areSame(headers, wanted.right.headers) &&
      // One that no key reads is told of, and people decide.
      (!isSigned || signsWith(signing, secret) || (secret === undefined && unreadable.length > 0))
    )
  }

/** The settings of the file in the place of those before. Another secret is a rotation. */
const changed = ({ forWriting, guarded, secrets }: Room) =>
  Effect.fnUntraced(function* (
    { endpoint: { id, settings: before }, vault }: Entry,
    { secret, settings }: EndpointWanted
  ) {
    const wanted = yield* Wanted.create(settings)
    yield* guarded(settings, before)
    if (settings.target.type !== "webhook")
      return secret === undefined
        ? { settings: wanted.settings, vault: Vault.empty }
        : yield* Creating.unsigned
    const cipher = yield* forWriting
    const now = yield* DateTime.now
    const { signing } = Vault.open({ cipher, id }, vault, now)
    // It was an endpoint at a broker.
    const isUnsigned = secret === undefined && vault.signing.length === 0
    const next = isUnsigned ? yield* Signature.generate : secret
    if (next !== undefined) secrets.add([next])
    const signed =
      next === undefined || signsWith(signing, next)
        ? vault
        : Vault.rotated({ cipher, id }, vault, next, now)
    return { settings: wanted.settings, vault: sealed(id, signed, cipher, wanted) }
  })

const written = (room: Room) => {
  const { table } = room
  const change = changed(room)
  const replace = (entry: Entry, next: Table.Next) =>
    // The row is locked, so nobody was quicker.
    Effect.orDie(Effect.flatten(table.replace(entry, next)))
  return Effect.fnUntraced(function* (step: Step) {
    switch (step.outcome) {
      case "created": {
        const { row } = yield* Creating.rowOf(room)({ ...step.wanted, source: "file" })
        return yield* table.insert(row)
      }
      case "adopted":
      case "back":
      case "changed": {
        const { before, entry, wanted } = step
        const next = yield* change(entry, wanted)
        yield* table.unmiss(entry.endpoint.id)
        return yield* replace(entry, {
          ...next,
          source: "file",
          ...(before && { state: before.state, reason: before.reason })
        })
      }
      case "disabled":
        yield* table.miss(step.entry)
        return yield* replace(step.entry, { state: "disabled", reason: absentReason })
      case "deleted":
        return yield* table.remove(step.entry.endpoint.id)
    }
  })
}

/** As `Endpoints` has it. */
export const settle = (room: Room) => {
  const { forWriting, memory, sql, table } = room
  const write = written(room)
  return (file: ReadonlyArray<EndpointWanted>) =>
    Effect.gen(function* () {
      yield* table.lock
      const now = yield* DateTime.now
      const cipher = file.length === 0 ? undefined : yield* forWriting
      const known = { ...entriesOf(yield* table.all), absences: yield* table.absences }
      const steps = planOf(file, known, comparing(cipher, now), now)
      yield* Effect.forEach(steps, write, { discard: true })
      return steps.map(outcomeOf)
    }).pipe(sql.withTransaction, memory.putAll)
}

/**
 * The outcomes that a start would have on a database as it is, if there is a file, and the reasons for which nothing can
 * be sent to the other endpoints. It writes nothing.
 */
export const preview = (file: Option.Option<ReadonlyArray<EndpointWanted>>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const table = yield* Table.make
    const now = yield* DateTime.now
    const [there] = yield* sql<{ isThere: boolean }>`
      select to_regclass('endpoint_absences') is not null as "isThere"`
    const known =
      there?.isThere === true
        ? { ...entriesOf(yield* table.all), absences: yield* table.absences }
        : { entries: [], unread: [], absences: [] }
    const cipher = Option.getOrUndefined(yield* Effect.option(Keys.known))
    const steps = Option.match(file, {
      onNone: () => [],
      onSome: (wanted) => planOf(wanted, known, comparing(cipher, now), now)
    })
    const kept = new Set(steps.map((step) => outcomeOf(step).name))
    const others = known.entries.filter(
      ({ endpoint: { settings, state } }) => state !== "disabled" && !kept.has(settings.name)
    )
    const troubles =
      cipher === undefined
        ? []
        : yield* Effect.forEach(others, (entry) =>
            Effect.match(Credentials.of(entry, cipher), {
              onFailure: ({ message }) => [message],
              onSuccess: () => []
            })
          )
    return { outcomes: steps.map(outcomeOf), troubles: troubles.flat() }
  })
