/**
 * One connection to `/<name>` per instance. Evolution makes a namespace with the instance's first
 * event since its own start, and loses that event; until then it answers `Invalid namespace`.
 */
import { Duration, Effect, Fiber, RcRef, Schedule, Stream } from "effect"
import * as CheaperEffect from "../../Concurrency/CheaperEffect.ts"
import * as FairSemaphore from "../../Concurrency/FairSemaphore.ts"
import type { LinkError } from "../../Domain/LinkError.ts"
import * as SocketIo from "../Wire/SocketIo.ts"
import { dialled } from "./Dial.ts"
import { endpoint } from "./Endpoint.ts"
import { type Renewable, renewable } from "./Renewal.ts"
import { drain, type Sink } from "./Sink.ts"

/** Dials at once; more wait their turn, so that an upstream restart is no stampede. */
const maxDials = 16

/** Ten thousand dials take about twenty seconds. */
const longestRush = Duration.seconds(30)

/**
 * The server drops a connection that is in no namespace after 45 s (`connectTimeout`). Until then,
 * asking again costs one small frame, and Evolution no look-up of the key.
 */
const joinPolicy = Schedule.spaced("1 second").pipe(
  Schedule.jittered,
  Schedule.upTo(Duration.seconds(40))
)

export const make = Effect.gen(function* () {
  const options = yield* endpoint
  const dials = FairSemaphore.make(maxDials)
  const links = new Map<string, Renewable>()

  // Made when it is needed: each link keeps it, for its renewal.
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

  /** One wait for however many: the first to come begins it, the last to leave ends it. */
  const rush = yield* RcRef.make({
    acquire: Effect.forkScoped(Effect.timeoutOption(dials.awaitIdle, longestRush))
  })

  return {
    isShared: false,
    open: (name: string, onRefused: (error: LinkError) => Effect.Effect<void>) =>
      Effect.gen(function* () {
        let isUp = false
        // While the old link is there, a refusal of the new one is no news.
        const refused = (error: LinkError) => (isUp ? Effect.void : onRefused(error))
        const link = yield* renewable(dial(name, refused))
        isUp = true
        yield* CheaperEffect.acquireRelease(
          Effect.sync(() => links.set(name, link)),
          () => Effect.sync(() => links.delete(name))
        )
        return subscription(link)
      }),
    renew: (name: string) => links.get(name)?.renew ?? Effect.void,
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
    /** A namespace cannot be joined before it exists, so nothing tells of new ones. */
    created: Effect.succeed(Stream.never),
    quiesce: Effect.suspend(() =>
      Effect.forEach([...links.values()], ({ end }) => end, { discard: true })
    )
  }
})

/** What is handed on, and not taken in, is not heard. */
const subscription = ({ end, heard, pull }: Renewable) => {
  /** When the first of it was received; `undefined`: nothing is. */
  let handing: number | undefined
  return {
    end,
    run: (sink: Sink) =>
      drain(pull, (events) => {
        handing = events[0]?.receivedAt
        return Effect.map(sink(events), () => {
          handing = undefined
        })
      }),
    heard: Effect.map(heard, ({ isHeldBack, until }) => ({
      isHeldBack,
      until: Math.min(until, handing ?? until)
    }))
  }
}
