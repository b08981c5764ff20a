/**
 * Links a phone to an instance: gives the codes that came over the socket, and has Evolution make new
 * ones. Evolution's call for codes starts a second connection while it restores the first, so it is made
 * only if no connection is under way.
 */
import { Context, DateTime, Duration, Effect, Fiber, FiberMap, Layer, Option, Stream } from "effect"
import * as FairSemaphore from "../Concurrency/FairSemaphore.ts"
import { type EvolutionError, InstanceNotFound } from "../Domain/EvolutionError.ts"
import { currentQr, type InstanceName, type Qr } from "../Domain/Instance.ts"
import {
  type NoCode,
  noCode,
  type PairingCode,
  type Progress,
  progressOf,
  QrNotAvailable,
  words
} from "../Domain/Pairing.ts"
import { codeOf, type InstanceStatus } from "../Domain/Status.ts"
import { EvolutionClient } from "../Evolution/EvolutionClient.ts"
import { ListenerRegistry } from "../Listening/ListenerRegistry.ts"
import { EventBus } from "../Log/EventBus.ts"
import { InstanceStore } from "../Log/InstanceStore.ts"
import * as Tracing from "../Telemetry/Tracing.ts"
import { Instances } from "./Instances.ts"

export { NoCode, PairingCode, type Progress, QrNotAvailable } from "../Domain/Pairing.ts"

type Refusal = EvolutionError | QrNotAvailable

export interface Wanted {
  /** Only a code with a higher sequence number will do. */
  readonly after?: number | undefined
  /** The time to wait for a code. */
  readonly wait?: Duration.Duration | undefined
}

export class Pairing extends Context.Tag("evolution-listener/Pairing")<
  Pairing,
  {
    /** A code to scan; fails at once if waiting cannot bring one. Asks Evolution nothing. */
    readonly qrcode: (
      name: InstanceName,
      wanted?: Wanted
    ) => Effect.Effect<Qr, InstanceNotFound | QrNotAvailable>
    /** Makes Evolution begin a round of codes, unless one is under way. */
    readonly request: (name: InstanceName) => Effect.Effect<InstanceStatus, Refusal>
    /** A code to type on the phone of this number (digits, country code first). */
    readonly pair: (name: InstanceName, number: string) => Effect.Effect<PairingCode, Refusal>
    /** The progress, now and after each change, without end. */
    readonly progress: (name: InstanceName) => Stream.Stream<Progress>
  }
>() {
  static readonly layer = Layer.scoped(
    Pairing,
    Effect.suspend(() => make)
  )
}

/** Evolution restores a connection at once (2.4: after 3 s), so a `close` that stays this long is final. */
const secondThought = Duration.seconds(5)

/** Evolution answers after 2 s, and its first event comes before that. */
const beginTimeout = Duration.seconds(10)

/** WhatsApp's pairing code comes a few seconds later. */
const codeTimeout = Duration.seconds(30)

const make = Effect.gen(function* () {
  const bus = yield* EventBus
  const client = yield* EvolutionClient
  const instances = yield* Instances
  const registry = yield* ListenerRegistry
  const store = yield* InstanceStore
  const rounds = yield* FiberMap.make<InstanceName, void, Refusal>()
  const starting = FairSemaphore.make(1).withPermit
  /** The phone number that the pairing codes of an instance's round are for. */
  const numbers = new Map<InstanceName, string>()

  const refuse = (name: InstanceName, reason: NoCode) =>
    Effect.flatMap(
      instances.status(name),
      ({ userAction }) =>
        new QrNotAvailable({
          message: `Instance "${name}" has no code: ${words[reason]}`,
          instance: name,
          reason,
          userAction
        })
    )

  const known = (name: InstanceName) => {
    const record = store.get(name)
    return record === undefined
      ? InstanceNotFound.of(name)
      : Effect.map(registry.status(name), (listener) => ({ listener, record }))
  }

  /** The code, or the reason why there is none. */
  const look = (name: InstanceName, after: number) =>
    Effect.gen(function* () {
      const { listener, record } = yield* known(name)
      const qr = codeOf(record, listener, yield* DateTime.now)
      return qr !== null && qr.sequence > after ? qr : noCode(record, listener)
    })

  /** Emits when a code may have changed. Codes expire without an event, hence the tick. */
  const occasions = (name: InstanceName): Stream.Stream<unknown> =>
    Stream.unwrap(
      Effect.map(bus.newest, (cursor) =>
        Stream.merge(
          Stream.filter(bus.after(cursor), ({ instance }) => instance === name),
          Stream.tick("1 second")
        )
      )
    )

  const qrcode = (
    name: InstanceName,
    { after = 0, wait = Duration.zero }: Wanted = {}
  ): Effect.Effect<Qr, InstanceNotFound | QrNotAvailable> =>
    Effect.gen(function* () {
      const first = yield* look(name, after)
      const found =
        first === "not_yet"
          ? yield* occasions(name).pipe(
              Stream.mapEffect(() => look(name, after)),
              Stream.filter((now) => now !== "not_yet"),
              Stream.runHead,
              Effect.timeoutTo({
                duration: wait,
                onSuccess: Option.getOrElse(() => first),
                onTimeout: () => first
              })
            )
          : first
      return typeof found === "string" ? yield* refuse(name, found) : found
    })

  /** True if no connection is under way at Evolution; false during a round of codes. */
  const isAtRest = (name: InstanceName, isSure: boolean): Effect.Effect<boolean, Refusal> =>
    Effect.gen(function* () {
      const state = yield* client.connectionState(name)
      switch (state) {
        case "connecting":
          return false
        case "close":
          return isSure || (yield* Effect.delay(isAtRest(name, true), secondThought))
        case "open":
          return yield* refuse(name, "already_open")
        case "unknown":
          return yield* refuse(name, "not_yet")
      }
    })

  /** Begins a round of codes unless one is under way, and waits for its first event. */
  const begin = (name: InstanceName, number?: string): Effect.Effect<void, Refusal> =>
    Effect.gen(function* () {
      const { listener, record } = yield* known(name)
      const reason = noCode(record, listener)
      if (reason !== "not_yet" && reason !== "limit_reached" && reason !== "closed")
        return yield* refuse(name, reason)
      // Without a link the codes would be lost.
      if (listener._tag !== "Listening") return yield* refuse(name, "not_yet")
      // A `close` told by an event is final (2.2.1 and newer).
      const isSure = reason !== "not_yet" && record.whatsapp?.origin === "live"
      if (!(yield* isAtRest(name, isSure)))
        return number === undefined ? undefined : yield* refuse(name, "not_possible")
      if (number === undefined) numbers.delete(name)
      else numbers.set(name, number)
      yield* client.connect(name, number)
      yield* occasions(name).pipe(
        Stream.mapEffect(() => look(name, 0)),
        Stream.takeUntil((now) => now !== "limit_reached" && now !== "closed"),
        Stream.runDrain,
        Effect.timeoutOption(beginTimeout)
      )
    })

  /** Many callers at once share one round; it goes on after they hang up. */
  const round = (name: InstanceName, number?: string) =>
    FiberMap.get(rounds, name).pipe(
      Effect.orElse(() => FiberMap.run(rounds, name, begin(name, number))),
      starting,
      Effect.flatMap(Fiber.join)
    )

  const pair = (name: InstanceName, number: string): Effect.Effect<PairingCode, Refusal> =>
    Effect.gen(function* () {
      const { record } = yield* known(name)
      const isOurs = currentQr(record, yield* DateTime.now) !== null && numbers.get(name) === number
      if (!isOurs) yield* round(name, number)
      if (numbers.get(name) !== number) return yield* refuse(name, "not_possible")
      const after = isOurs ? 0 : record.qrSequence
      const { pairingCode, ...code } = yield* qrcode(name, { after, wait: codeTimeout })
      return pairingCode === null ? yield* refuse(name, "not_possible") : { ...code, pairingCode }
    })

  return Pairing.of({
    qrcode,
    pair: (name, number) => Tracing.command("instance.pair", name)(pair(name, number)),
    request: (name) =>
      Tracing.command(
        "instance.request_qr",
        name
      )(Effect.zipRight(round(name), instances.status(name))),
    progress: (name) =>
      occasions(name).pipe(
        Stream.mapEffect(() =>
          Effect.zipWith(Effect.option(known(name)), DateTime.now, (found, now) =>
            Option.match(found, {
              onNone: (): Progress => ({ state: "ended" }),
              onSome: ({ listener, record }) => progressOf(record, listener, now)
            })
          )
        ),
        Stream.changesWith(isSame)
      )
  })
})

const isSame = (left: Progress, right: Progress): boolean =>
  left.state === "scan" && right.state === "scan"
    ? left.qr.sequence === right.qr.sequence
    : left.state === right.state
