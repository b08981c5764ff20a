/**
 * One connection to `/<name>` per instance. Evolution creates a namespace with the instance's first
 * event since its own start, and loses that event; until then it answers `Invalid namespace`.
 */
import { Clock, Duration, Effect, Fiber, RcRef, Schedule, Stream } from "effect"
import * as CheaperEffect from "../../Concurrency/CheaperEffect.ts"
import * as FairSemaphore from "../../Concurrency/FairSemaphore.ts"
import { NameImpossible } from "../../Domain/EvolutionError.ts"
import type { LinkError } from "../../Domain/LinkError.ts"
import * as SocketIo from "../Wire/SocketIo.ts"
import { dialled } from "./Dial.ts"
import { endpoint } from "./Endpoint.ts"
import * as Flow from "./Flow.ts"
import { type Renewable, renewable } from "./Renewal.ts"
import { drain, type Sink } from "./Sink.ts"

interface Link extends Renewable {
  readonly last: Flow.Last
  /** ms since 1970 UTC. */
  readonly upSince: number
}

/** Concurrent dials; further ones wait, so that a restart of Evolution causes no stampede. */
export const maxDials = 16

/** Longest wait for the dials to be over, in `calm`; ten thousand dials take about twenty seconds. */
const maxRush = Duration.seconds(30)

/**
 * The server drops a connection that is in no namespace after 45 s (`connectTimeout`). Until then, a
 * further attempt costs one small frame, and Evolution no look-up of the key.
 */
const joinPolicy = Schedule.spaced("1 second").pipe(
  Schedule.jittered,
  Schedule.upTo(Duration.seconds(40))
)

export const make = Effect.gen(function* () {
  const options = yield* endpoint
  const dials = FairSemaphore.make(maxDials)
  const links = new Map<string, Link>()

  // Suspended: each link keeps this effect for its renewal, and most are never renewed.
  const dial = (name: string, onRefused: (error: LinkError) => Effect.Effect<void>) =>
    Effect.suspend(() =>
      dialled(
        Effect.tap(dials.withPermit(SocketIo.connect(options)), (socket) =>
          CheaperEffect.retry(
            Effect.tapErrorTag(socket.join(`/${name}`), "NamespaceRefused", onRefused),
            {
              schedule: joinPolicy,
              while: ({ _tag }) => _tag === "NamespaceRefused"
            }
          )
        ),
        name
      )
    )

  /** One wait for all callers of `calm`: the first one begins it, the last one ends it. */
  const rush = yield* RcRef.make({
    acquire: Effect.forkScoped(Effect.timeoutOption(dials.awaitIdle, maxRush))
  })

  return {
    mode: "namespace" as const,
    isShared: false,
    changeMode: () => Effect.void,
    modeChanged: Effect.never,
    shared: Effect.succeed(undefined),
    open: (name: string, onRefused: (error: LinkError) => Effect.Effect<void>) =>
      Effect.gen(function* () {
        if (!SocketIo.isNamespace(`/${name}`)) return yield* NameImpossible.asNamespace(name)
        let isUp = false
        // The old link is still there when a renewal is refused: `renew` tells of that.
        const refused = (error: LinkError) => (isUp ? Effect.void : onRefused(error))
        const link: Link = {
          ...(yield* renewable(dial(name, refused))),
          last: Flow.nothing(),
          upSince: yield* Clock.currentTimeMillis
        }
        isUp = true
        yield* CheaperEffect.acquireRelease(
          Effect.sync(() => links.set(name, link)),
          () => Effect.sync(() => links.delete(name))
        )
        const { end, heard, last, pull } = link
        const noting =
          (sink: Sink): Sink =>
          (events) => {
            for (const event of events) Flow.note(last, event)
            return sink(events)
          }
        return { end, heard, run: (sink: Sink) => drain(pull, noting(sink)) }
      }),
    renew: (name: string) => links.get(name)?.renew ?? Effect.void,
    flow: (name?: string) =>
      Effect.map(
        Effect.forEach(
          name === undefined ? [...links.values()] : [links.get(name)].filter(isThere),
          flowOf
        ),
        (flows) => (flows.length === 0 ? undefined : flows.reduce(merged))
      ),
    calm: Effect.asVoid(Effect.scoped(Effect.flatMap(RcRef.get(rush), Fiber.join))),
    heard: Effect.suspend(() =>
      Effect.map(
        Effect.forEach(links.values(), ({ heard }) => heard),
        (all) =>
          all.length === 0
            ? undefined
            : all.reduce((least, { until }) => Math.min(least, until), Number.POSITIVE_INFINITY)
      )
    ),
    /** A namespace cannot be joined before it exists, so new instances cannot be seen. */
    created: () => Effect.succeed(Stream.never),
    watchIgnored: () => Effect.void,
    quiesce: Effect.suspend(() =>
      Effect.forEach([...links.values()], ({ end }) => end, { discard: true })
    )
  }
})

const isThere = (link: Link | undefined): link is Link => link !== undefined

const flowOf = ({ heard, last, upSince }: Link): Effect.Effect<Flow.Flow> =>
  Effect.map(heard, ({ isHeldBack }) => ({
    upSince,
    isHeldBack,
    lastEventAt: last.eventAt,
    lastMessageAt: last.messageAt
  }))

const merged = (one: Flow.Flow, other: Flow.Flow): Flow.Flow => ({
  upSince: Math.min(one.upSince, other.upSince),
  isHeldBack: one.isHeldBack || other.isHeldBack,
  lastEventAt: later(one.lastEventAt, other.lastEventAt),
  lastMessageAt: later(one.lastMessageAt, other.lastMessageAt)
})

const later = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.max(one, other)
