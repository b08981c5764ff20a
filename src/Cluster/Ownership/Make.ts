/** The service, over a way to choose replicas. */
import { SqlClient } from "@effect/sql"
import { Effect, Fiber, Schedule } from "effect"
import { loop } from "../../Concurrency/Supervise.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import type { Tenure } from "../../Domain/Tenure.ts"
import { NoHeir } from "../ClusterError.ts"
import type { Replicas } from "../Replicas.ts"
import type { Designator } from "./Designator.ts"
import { type Duty, perform } from "./Duty.ts"
import type { Post } from "./Post.ts"
import * as Standing from "./Standing.ts"
import * as Tenures from "./Tenures.ts"
import type { Timing } from "./Timing.ts"

interface Options {
  readonly me: string
  readonly designator: Designator
  readonly replicas: Replicas
  /** There is no other replica by definition. */
  readonly isAlone: boolean
  readonly timing: Timing
}

export const make = (options: Options) =>
  Effect.gen(function* () {
    const { designator, isAlone, me, replicas, timing } = options
    const sql = yield* SqlClient.SqlClient
    const tenures = Tenures.make(sql, me)
    const standings: Array<Standing.Standing> = []
    const works: Array<Fiber.Fiber<void>> = []
    const held = new Map<string, Tenure>()
    let isLeaving = false

    const leave = yield* Effect.cached(
      Effect.gen(function* () {
        // An heir that joined a moment ago is seen by it, too.
        yield* replicas.leave.pipe(
          Effect.disconnect,
          Effect.timeout(timing.statementWithin),
          Effect.catchAll((error) => Effect.logDebug(`Cannot tell the others: ${detailOf(error)}`))
        )
        isLeaving = true
        for (const standing of standings) standing.leave()
        yield* designator.leave
        // A process alone ends its requests before its work: nobody else answers them.
        if (!isAlone) yield* Effect.forEach(works, Fiber.await, { discard: true })
      })
    )

    /** Of these, the replica that owns least. */
    const place = (server: string, heirs: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        const owners = (yield* tenures.holders).map(({ owner }) => owner)
        const load = (heir: string) => owners.filter((owner) => owner === heir).length
        const heir = heirs.reduce((best, one) => (load(one) < load(best) ? one : best))
        yield* tenures.place(server, heir)
        return heir
      })

    const postOf = (server: string, standing: Standing.Standing): Post => ({
      server,
      me,
      tenures,
      standing,
      timing,
      held,
      isAlone,
      isAlive: replicas.isAlive,
      isLeaving: () => isLeaving,
      hasHeir: () => replicas.able(server).length > 0,
      setAble: (isAble) => replicas.setAble(server, isAble),
      giveAway: Effect.gen(function* () {
        const { owner } = yield* standing.look
        const able = replicas.able(server)
        // An owner in trouble is still better than two replicas that do not reach the server.
        const heirs = able.length === 0 && owner !== null && replicas.stays(owner) ? [owner] : able
        if (heirs.length === 0) return false
        yield* place(server, heirs)
        yield* standing.look
        return true
      })
    })

    const run = <Link, E, R>(server: string, duty: Duty<Link, E, R>) =>
      Effect.gen(function* () {
        yield* tenures.ensure(server)
        const standing = yield* Standing.make({
          server,
          me,
          tenures,
          stays: replicas.stays,
          isOldest: replicas.isOldest,
          timing
        })
        standings.push(standing)
        yield* Effect.ignore(standing.look)
        yield* designator.subscribe(server, standing.choose)
        yield* loop(
          `watch of the server ${server}`,
          Effect.schedule(Effect.ignore(standing.look), Schedule.spaced(timing.watchEvery))
        )
        const work = yield* Effect.forkScoped(perform(postOf(server, standing), duty))
        works.push(work)
        yield* Effect.addFinalizer(() => Effect.zipRight(leave, Fiber.await(work)))
      })

    return {
      me,
      isAlone,
      run,
      leave,
      held: Effect.sync(() => [...held.values()]),
      holders: tenures.holders,
      replicas: replicas.all,
      handOver: (server: string) =>
        Effect.gen(function* () {
          const { owner } = yield* tenures.look(server)
          const heirs = replicas.able(server).filter((heir) => heir !== owner)
          if (owner !== me && !isLeaving && !isAlone) heirs.push(me)
          if (heirs.length === 0) return yield* NoHeir.of(server)
          return yield* place(server, heirs)
        })
    }
  })
