/** What a crash of the service, or a failing database, leaves behind. */
import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, type Scope, TestClock } from "effect"
import type { Outgoing } from "../../src/Delivery/Sink.ts"
import { databases } from "../support/databases.ts"
import { idOf, layerOn, make, type Provided } from "./World.ts"

const ids = (messages: ReadonlyArray<Outgoing>) => messages.map(idOf)
const ok = Effect.succeed({ status: 200 })

/** Fails what is written of a lane with an SQLSTATE, so many times. A sequence is not rolled back. */
const failing = (lane: string, code: string, times: number) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.unsafe(`
      create sequence failures;
      create function fail_lane() returns trigger language plpgsql as $$
      begin
        if new.lane = '${lane}' and nextval('failures') <= ${times} then
          raise exception using errcode = '${code}', message = 'as the test wants it';
        end if;
        return new;
      end $$;
      create trigger fail_lane before insert or update on endpoint_lanes
        for each row execute function fail_lane()`)
  )

describe.each(databases)("Runner on %s", (_, database) => {
  const test = (title: string, body: Effect.Effect<void, unknown, Scope.Scope | Provided>) =>
    it.scoped(title, () => Effect.provide(body, layerOn(database)))

  test(
    "repeats nothing after a crash of a lane that had come further than its feed",
    Effect.gen(function* () {
      const world = yield* make()
      const first = yield* Deferred.make<{ readonly status: number }>()
      const last = yield* Deferred.make<{ readonly status: number }>()
      const early = yield* world.write(Array.from({ length: 70 }, () => "a"))
      world.answerWith((message) => (idOf(message) === early[0] ? Deferred.await(first) : ok))
      const { kill } = yield* world.start()
      yield* world.take(1)
      // The lane is full, so it is held; the feed's cursor is saved.
      const held = world.sql<{ held: boolean }>`
        select held from endpoint_lanes where endpoint = ${world.endpoint.id}`
      yield* Effect.zipRight(TestClock.adjust("1 second"), held).pipe(
        Effect.repeat({ until: ([row]) => row?.held === true })
      )
      const late = yield* world.write(["a", "a", "a"])
      world.answerWith((message) => (idOf(message) === late[2] ? Deferred.await(last) : ok))
      yield* Deferred.succeed(first, { status: 200 })
      yield* world.take(72)
      yield* world.settled("a", late[1] ?? 0)
      yield* kill
      const next = yield* world.write(["a", "a"])
      world.answerWith(() => ok)
      yield* world.start()
      expect(ids(yield* world.take(3))).toEqual([late[2], ...next])
    })
  )

  for (const code of ["57014", "40P01"])
    test(
      `saves again what the database refused with ${code}`,
      Effect.gen(function* () {
        const world = yield* make()
        yield* failing("a", code, 2)
        const written = yield* world.write(["a", "a"])
        yield* world.start()
        const messages = yield* Effect.raceFirst(world.take(2), world.passing)
        expect(ids(messages)).toEqual(written)
      })
    )

  test(
    "ends with the defect of a lane, so that the endpoint starts anew",
    Effect.gen(function* () {
      const world = yield* make()
      yield* failing("bad", "XX000", 1)
      const [bad] = yield* world.write(["bad"])
      const { ended, stop } = yield* world.start()
      expect(ids(yield* world.take(1))).toEqual([bad])
      const exit = yield* ended
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
      yield* stop
      yield* world.start()
      const [next] = yield* world.write(["bad"])
      expect(ids(yield* world.take(1))).toEqual([next])
    })
  )
})
