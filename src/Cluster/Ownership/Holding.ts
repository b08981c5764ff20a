/** A tenure from its first moment to its last. */
import { Cause, Duration, Effect, Exit, Metric, Option, type Scope } from "effect"
import { type MonotonicMillis, monotonicOf } from "../../Domain/Clock.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import type { Fenced, Tenure } from "../../Domain/Tenure.ts"
import * as Metrics from "../../Telemetry/Metrics.ts"
import type { Post } from "./Post.ts"

type End = "released" | "fenced" | "crashed"

/** Reports whether the link to the server is up. */
export type LinkIs = (isUp: boolean) => Effect.Effect<void>

/** Runs the work until a successor wants the server, a newer tenure began, or the work crashed. */
export const hold = <R>(
  post: Post,
  tenure: Tenure,
  work: (linkIs: LinkIs) => Effect.Effect<void, Fenced, R>
): Effect.Effect<End, never, Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    post.held.set(post.server, tenure)
    const now = monotonicOf(yield* Effect.clock)
    const link: Link = { downSince: undefined }
    const linkIs: LinkIs = (isUp) =>
      Effect.suspend(() => {
        if (!isUp) link.downSince ??= now()
        else link.downSince = undefined
        return isUp ? post.setAble(true) : Effect.void
      })
    // The work is waited for also when it is interrupted: its finalizers commit what was received.
    const end = yield* Effect.raceFirst(
      Effect.flatMap(Effect.exit(Effect.scoped(work(linkIs))), explain),
      watch(post, tenure, link, now)
    )
    if (end === "released") yield* release(post, tenure)
    if (end === "fenced") {
      yield* Metric.increment(Metrics.fenced)
      yield* Effect.logWarning(`Another replica owns the server: epoch ${tenure.epoch} is over`)
    }
    return end
  }).pipe(
    Effect.onInterrupt(() => release(post, tenure)),
    Effect.ensuring(Effect.sync(() => post.held.delete(post.server)))
  )

interface Link {
  downSince: MonotonicMillis | undefined
}

const explain = (exit: Exit.Exit<void, Fenced>): Effect.Effect<End> => {
  if (Exit.isSuccess(exit))
    return Effect.as(Effect.logError("The work of the owner ended by itself"), "crashed")
  if (Option.isSome(Cause.failureOption(exit.cause))) return Effect.succeed("fenced")
  return Effect.as(Effect.logError("The work of the owner crashed", exit.cause), "crashed")
}

/** Ends when the tenure is over, or to be released. While the database is away it goes on: nobody else can take. */
const watch = (
  post: Post,
  tenure: Tenure,
  link: Link,
  now: () => MonotonicMillis
): Effect.Effect<End> =>
  Effect.gen(function* () {
    const { isAlive, isLeaving, me, standing, timing } = post
    let leavingSince: MonotonicMillis | undefined
    for (;;) {
      const row = Option.getOrUndefined(yield* Effect.option(standing.look))
      if (row !== undefined && (row.epoch !== tenure.epoch || row.owner !== me)) return "fenced"
      const heir = row?.wantedBy ?? null
      if (!standing.isDesignated() && heir !== null && isAlive(heir)) return "released"
      if (isLeaving()) {
        leavingSince ??= now()
        const isPatient = now() - leavingSince < Duration.toMillis(timing.leavePatience)
        if (!isPatient || !post.hasHeir()) return "released"
      }
      yield* minding(post, link, now)
      yield* standing.isDesignated()
        ? Effect.raceFirst(Effect.sleep(timing.lookEvery), standing.whenNot)
        : Effect.sleep(timing.pollEvery)
    }
  })

/** Gives the server away when its link stays down. The work goes on until a successor has a link, and wants it. */
const minding = (post: Post, link: Link, now: () => MonotonicMillis) =>
  Effect.suspend(() => {
    const { standing, timing } = post
    const { downSince } = link
    if (downSince === undefined || !standing.isDesignated()) return Effect.void
    if (now() - downSince < Duration.toMillis(timing.linkDownFor)) return Effect.void
    link.downSince = now()
    return post.setAble(false).pipe(
      Effect.zipRight(post.giveAway),
      Effect.tap((given) =>
        given
          ? Effect.logWarning("The link stays down: the server is given to another replica")
          : Effect.void
      ),
      Effect.catchAll((error) =>
        Effect.logWarning(`Cannot give the server away: ${detailOf(error)}`)
      )
    )
  })

/** A tenure that cannot be released ends by the patience of its successor. */
const release = ({ isAlone, tenures, timing }: Post, tenure: Tenure) =>
  tenures.release(tenure).pipe(
    Effect.disconnect,
    Effect.timeout(timing.statementWithin),
    Effect.matchEffect({
      onFailure: (error) => Effect.logWarning(`Cannot release the server: ${detailOf(error)}`),
      onSuccess: () => (isAlone ? Effect.logDebug : Effect.logInfo)("The server is released")
    })
  )
