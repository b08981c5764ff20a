/** The life of one server on one replica: wait for designation, prepare, take, own, give back, and again. */
import { Cause, Duration, Effect, Exit, Metric, Option, type Scope } from "effect"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import { type Fenced, type Tenure, TenureReason } from "../../Domain/Tenure.ts"
import * as Metrics from "../../Telemetry/Metrics.ts"
import { acquire } from "./Acquisition.ts"
import * as Holding from "./Holding.ts"
import type { Post } from "./Post.ts"
import type { Timing } from "./Timing.ts"

// Registered at once, so that the first of each is seen as a rise.
for (const reason of TenureReason.literals) Metrics.takeovers({ reason }).register()

/** The work for one server. */
export interface Duty<Link, E, R> {
  /**
   * Brings the link to the server up, while another replica may still own it. Its scope is closed after the
   * tenure. It may fail or take long. `isOwned`: another replica owns it now.
   */
  readonly prepare: (isOwned: boolean) => Effect.Effect<Link, E, R>
  /**
   * The work of the owner, in a scope of its own; it never ends by itself. Its finalizers commit what was
   * received, before the server is released. `None`: the link did not come up, and no other replica could take
   * the server. `linkIs` reports whether the link is up: an owner whose link stays down gives the server away.
   */
  readonly own: (
    tenure: Tenure,
    link: Option.Option<Link>,
    linkIs: Holding.LinkIs
  ) => Effect.Effect<void, Fenced, R>
}

/** Runs the duty until the replica leaves. No failure of the work, of the link or of the database ends it. */
export const perform = <Link, E, R>(
  post: Post,
  duty: Duty<Link, E, R>
): Effect.Effect<void, never, Exclude<R, Scope.Scope>> => {
  let crashes = 0
  const once = Effect.timed(turn(post, duty)).pipe(
    Effect.catchAllCause((cause) =>
      // Only the end of the scope interrupts.
      Cause.isInterruptedOnly(cause)
        ? Effect.interrupt
        : Effect.as(Effect.logWarning(`Cannot take the server: ${detailOf(Cause.squash(cause))}`), [
            Duration.zero,
            "failed" satisfies End
          ] as const)
    ),
    Effect.flatMap(([lasted, end]) => {
      if (end === "crashed") crashes = Duration.greaterThan(lasted, sound) ? 1 : crashes + 1
      else if (end !== "failed") crashes = 0
      // To take it back would fence a process that was started later, by the user's will.
      if (end === "fenced" && post.isAlone) return resign(post)
      const pause = pauses(post.timing, crashes)[end]
      return Effect.raceFirst(Effect.sleep(pause), post.standing.whenLeaving)
    })
  )
  return Effect.raceFirst(post.standing.whenDesignated, post.standing.whenLeaving).pipe(
    Effect.zipRight(Effect.suspend(() => (post.isLeaving() ? Effect.void : once))),
    Effect.repeat({ until: () => post.isLeaving() }),
    Effect.asVoid,
    Effect.annotateLogs("server", post.server)
  )
}

/** Work that lasted so long did not crash because of the crash before. */
const sound = Duration.minutes(1)
const mostDoublings = 5

const pauses = (timing: Timing, crashes: number) => ({
  abandoned: Duration.zero,
  released: Duration.zero,
  failed: timing.restartAfter,
  fenced: timing.fencedPause,
  crashed: Duration.times(timing.restartAfter, 2 ** Math.min(crashes - 1, mostDoublings))
})

const resign = ({ standing }: Post) =>
  Effect.zipRight(
    Effect.sync(() => standing.choose(false)),
    Effect.logError(
      "Another process listens to this server with the same database: this one does no more. Stop one of them"
    )
  )

type End = keyof ReturnType<typeof pauses>

/** One candidacy, and the tenure that comes of it. */
const turn = <Link, E, R>(post: Post, duty: Duty<Link, E, R>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const link = yield* prepare(post, duty)
      if (Option.isNone(link)) return "abandoned" satisfies End
      const acquired = yield* acquire(post)
      if (Option.isNone(acquired)) return "abandoned" satisfies End
      const tenure = acquired.value
      yield* Metric.increment(Metrics.takeovers({ reason: tenure.reason }))
      // For a process alone this is how it always is, unless another one runs.
      const isUsual = post.isAlone && tenure.reason === "start"
      yield* (isUsual ? Effect.logDebug : Effect.logInfo)(
        `This replica owns the server (${tenure.reason}, epoch ${tenure.epoch})`
      )
      return yield* Holding.hold(post, tenure, (linkIs) => duty.own(tenure, link.value, linkIs))
    })
  )

/** `None`: the designation left, or the server was given to another replica. */
const prepare = <Link, E, R>(
  post: Post,
  duty: Duty<Link, E, R>
): Effect.Effect<Option.Option<Option.Option<Link>>, unknown, R> =>
  Effect.gen(function* () {
    const { standing, timing } = post
    // Nobody else listens meanwhile.
    if (post.isAlone) return Option.some(Option.none())
    const tried = yield* Effect.raceFirst(
      Effect.asSome(
        Effect.exit(Effect.timeout(duty.prepare(standing.isOwnerAlive()), timing.prepareWithin))
      ),
      Effect.as(standing.whenNot, Option.none())
    )
    if (Option.isNone(tried)) return Option.none()
    if (Exit.isSuccess(tried.value)) {
      yield* post.setAble(true)
      return Option.some(Option.some(tried.value.value))
    }
    yield* Effect.logWarning(
      `Cannot reach the server: ${detailOf(Cause.squash(tried.value.cause))}`
    )
    yield* post.setAble(false)
    return (yield* post.giveAway) ? Option.none() : Option.some(Option.none())
  })
