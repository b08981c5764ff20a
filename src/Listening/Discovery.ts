/**
 * Finds the instances that Evolution has. Evolution's list is the only complete inventory: an event tells of
 * one instance, and only while it happens. Each instance gets a record, and its phone, name and state go
 * into the log as snapshots.
 */

import type { SqlError } from "@effect/sql"
import {
  Clock,
  Context,
  DateTime,
  Duration,
  Effect,
  Either,
  Layer,
  PubSub,
  Schema,
  Stream
} from "effect"
import { loop } from "../Concurrency/Supervise.ts"
import { detailOf } from "../Domain/ErrorDetail.ts"
import type { EvolutionError } from "../Domain/EvolutionError.ts"
import { InstanceName, isTrial } from "../Domain/Instance.ts"
import { EventSource } from "../Evolution/EventSource.ts"
import { EvolutionClient, type InstanceRow } from "../Evolution/EvolutionClient.ts"
import { Ingest } from "../Log/Ingest.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import * as Ignored from "./Discovery/Ignored.ts"
import { isUnknown, type List, missingIn } from "./Discovery/Missing.ts"
import { eventsOf, removal } from "./Discovery/Rows.ts"

/** The outcome of the questions for Evolution's list. */
export interface Found {
  /** Time of the last list; `null`: there was none since the service began. */
  readonly at: DateTime.Utc | null
  /** The instances of the last list. */
  readonly names: ReadonlyArray<InstanceName>
  /** The last list, as Evolution gave it. */
  readonly rows: ReadonlyArray<InstanceRow>
  /** Names in the last list that this service cannot serve. */
  readonly unusable: ReadonlyArray<string>
  /** The failure of the last question; `null`: it was answered. */
  readonly error: EvolutionError | SqlError.SqlError | null
}

export class Discovery extends Context.Tag("evolution-listener/Discovery")<
  Discovery,
  {
    readonly found: Effect.Effect<Found>
    /** What is found now, and after each question from now on. */
    readonly changes: Stream.Stream<Found>
    /** Asks for the list soon. Calls that come together share one question. */
    readonly look: Effect.Effect<void>
    /** Events heard of an instance since the service began while no listener was there for it. */
    readonly ignored: (name: string) => number
  }
>() {
  static readonly layer = Layer.scoped(
    Discovery,
    Effect.suspend(() => make)
  )
}

/** Evolution does not list an instance while it is being created, or loaded; so absence is confirmed. */
const secondThought = Duration.seconds(3)
/** Questions about missing instances at once. */
const maxQuestions = 8

/** The list is asked for this often, without any other reason. */
const every = Duration.minutes(1)
/** Questions are this far apart at least, as Evolution counts every message for each. */
const apart = Duration.seconds(5)
/** After a failure the next question comes sooner. */
const afterFailure = Duration.seconds(1)
/** A list that took long comes less often: this many times as long as it took. */
const rest = 10
const longest = Duration.minutes(10)

const make = Effect.gen(function* () {
  const client = yield* EvolutionClient
  const ingest = yield* Ingest
  const instances = yield* InstanceStore
  const source = yield* EventSource
  const changes = yield* PubSub.sliding<Found>(1)
  let found: Found = { at: null, names: [], rows: [], unusable: [], error: null }
  const become = (next: Found) =>
    Effect.suspend(() => {
      found = next
      return PubSub.publish(changes, next)
    })
  const wanted = yield* Effect.makeLatch(false)
  const ignored = Ignored.make((name) => instances.get(name) !== undefined)
  yield* source.watchIgnored((name) => {
    if (ignored.note(name)) wanted.unsafeOpen()
  })

  const take = ({ askedAt, rows }: List) =>
    Effect.gen(function* () {
      const { names, unusable } = sorted(rows)
      yield* instances.add(names, askedAt)
      ignored.prune()
      const events = rows.flatMap((row) => {
        const record = instances.get(row.name)
        return record === undefined ? [] : eventsOf({ record, row, askedAt })
      })
      if (events.length > 0) yield* ingest.receive(events, "snapshot")
      yield* tell(found, unusable)
      yield* become({ at: DateTime.unsafeMake(askedAt), names, rows, unusable, error: null })
    })

  const list = Effect.gen(function* () {
    const askedAt = yield* Clock.currentTimeMillis
    return { askedAt, rows: yield* client.fetchInstances() }
  })

  const question = Effect.gen(function* () {
    const first = yield* list
    yield* take(first)
    const missing = yield* Effect.filter(
      missingIn(yield* instances.all, first),
      (name) => isUnknown(client, name),
      { concurrency: maxQuestions }
    )
    if (missing.length === 0) return
    const second = yield* Effect.delay(list, secondThought)
    const listed = new Set(second.rows.map(({ name }) => name))
    const gone = missing.filter(
      (name) => !listed.has(name) && instances.get(name)?.whatsapp?.state !== "removed"
    )
    yield* ingest.receive(
      gone.map((name) => removal(name, second.askedAt)),
      "snapshot"
    )
    yield* Effect.forEach(gone, (name) =>
      Effect.annotateLogs(
        Effect.logWarning(`Instance "${name}" does not exist at Evolution any more`),
        "instance",
        name
      )
    )
  })

  const failed = (error: EvolutionError | SqlError.SqlError) =>
    Effect.suspend(() => {
      const words = `Cannot list the instances at Evolution: ${detailOf(error)}`
      const log = found.error?._tag === error._tag ? Effect.logDebug : Effect.logWarning
      return Effect.zipRight(log(words), become({ ...found, error }))
    })

  let failures = 0
  const round = Effect.gen(function* () {
    yield* wanted.close
    const [took, answer] = yield* Effect.timed(Effect.either(question))
    if (Either.isLeft(answer)) yield* failed(answer.left)
    failures = Either.isLeft(answer) ? failures + 1 : 0
    const [soonest, pause] =
      failures > 0
        ? [afterFailure, Duration.min(every, Duration.seconds(2 ** failures))]
        : [apart, Duration.min(longest, Duration.max(every, Duration.times(took, rest)))]
    yield* Effect.sleep(soonest)
    yield* Effect.timeoutOption(wanted.await, Duration.subtract(pause, soonest))
  })
  yield* loop("discovery", Effect.forever(round))

  return Discovery.of({
    found: Effect.sync(() => found),
    changes: Stream.unwrapScoped(
      Effect.map(PubSub.subscribe(changes), (later) =>
        Stream.concat(
          Stream.sync(() => found),
          Stream.fromQueue(later)
        )
      )
    ),
    look: Effect.asVoid(wanted.open),
    ignored: ignored.count
  })
})

const decodeName = Schema.decodeEither(InstanceName)

/** The names in a list, apart from those that this service cannot serve. */
const sorted = (rows: ReadonlyArray<InstanceRow>) => {
  const names: Array<InstanceName> = []
  const unusable: Array<string> = []
  for (const { name } of rows) {
    if (isTrial(name)) continue
    const decoded = decodeName(name)
    if (Either.isRight(decoded)) names.push(decoded.right)
    else unusable.push(name)
  }
  return { names, unusable }
}

/** Tells once of each name that cannot be served. */
const tell = (before: Found, unusable: ReadonlyArray<string>) => {
  const known = new Set(before.unusable)
  return Effect.forEach(
    unusable.filter((name) => !known.has(name)),
    (name) =>
      Effect.logWarning(`Cannot listen to the instance "${name}": its name is not valid here`).pipe(
        Effect.annotateLogs("instance", name)
      ),
    { discard: true }
  )
}
