/**
 * Proof that Evolution's events reach us. A socket that connects, stays up and answers pings proves nothing:
 * with `WEBSOCKET_GLOBAL_EVENTS=false`, Evolution's default, it brings no event at all.
 *
 * The shared link is `unproven` from when it comes up, and `proven` by its first event. Evolution reads the
 * setting at its start, and a restart of Evolution ends the link, so one event proves a link for as long as
 * it is up. It is `silent` by one sign that Evolution emitted an event while nothing at all has come over
 * it: an instance was created, a message was stored, a state was written. One such sign is enough, since a
 * link loses no event, and the first event that comes revokes it.
 *
 * In auto mode, a link that is silent makes the service listen by namespaces, and the first event that comes
 * over it makes it listen by global events again. By namespaces, nothing but an event proves anything.
 *
 * On a link that is proven, a single instance can be deaf: Evolution stores its messages and emits none of
 * them. Evolution 2.3.6 does so after a logout and a new connection, and with media whose upload failed.
 * Messages that were stored between two lists, and none heard meanwhile, are the sign of it.
 */
import { Clock, Context, Duration, Effect, Layer, Schedule, Stream } from "effect"
import { loop } from "../Concurrency/Supervise.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import type { ListenerState } from "../Domain/ListenerState.ts"
import type { Proven } from "../Domain/Summary.ts"
import { EventSource, type Flow } from "../Evolution/EventSource.ts"
import { Discovery, type Found } from "./Discovery.ts"
import * as Deafness from "./Proof/Deafness.ts"
import { type List, listOf, signsIn } from "./Proof/Evidence.ts"
import * as Rounds from "./Proof/Rounds.ts"
import * as Suspicions from "./Proof/Suspicions.ts"
import * as Verdict from "./Proof/Verdict.ts"

export class Proof extends Context.Tag("evolution-listener/Proof")<
  Proof,
  {
    /** Evidence that events reach us, or that they do not. */
    readonly events: Effect.Effect<Proven>
    /** The link that is held for all instances, also while none is listened to; `null`: there is none. */
    readonly link: Effect.Effect<ListenerState | null>
    /** Takes each state of that link. */
    readonly report: (state: ListenerState) => Effect.Effect<void>
    /** Evolution has said that it created this instance: its first event is due. */
    readonly created: (name: InstanceName) => Effect.Effect<void>
  }
>() {
  static readonly layer = Layer.scoped(
    Proof,
    Effect.suspend(() => make)
  )
}

/** The state is judged this often, and signs once the events that belong to them had time to come. */
const tickEvery = Duration.seconds(1)

/** An unproven link is soon compared with a further list: the next regular one is a minute away. */
const firstLook = Duration.seconds(10)

const make = Effect.gen(function* () {
  const source = yield* EventSource
  const discovery = yield* Discovery
  const deafness = yield* Deafness.make
  const rounds = yield* Rounds.make
  let link: ListenerState | null = null
  let list: List | undefined
  const suspicions = Suspicions.make()
  const verdict = yield* Verdict.make({ onNew: suspicions.clear, onHeardAgain: deafness.closeAll })

  /** Compares each list with the one before it. */
  const takeList = ({ at, rows }: Found) =>
    Effect.gen(function* () {
      if (at === null || at.epochMillis === list?.askedAt) return
      const before = list
      list = listOf(rows, at.epochMillis, before)
      if (before !== undefined)
        suspicions.add(signsIn(before, list), yield* Clock.currentTimeMillis)
      yield* rounds.take(list)
    })

  const judge = (flow: Flow, now: number) =>
    Effect.gen(function* () {
      const due = suspicions.take(now)
      if (due.length === 0) return
      // An event may wait in the socket. The next list tells again.
      if (flow.isHeldBack) return
      const sign = due.find(({ after }) => after >= flow.upSince)
      const { state } = verdict.events()
      if (state === "unproven" && source.isShared) {
        if (sign !== undefined) yield* verdict.fallSilent(sign)
      } else if (state === "proven") yield* deafness.suspect(due)
    })

  const tick = Effect.gen(function* () {
    yield* verdict.returnToGlobal
    const flow = yield* source.flow()
    yield* verdict.follow(flow)
    const now = yield* Clock.currentTimeMillis
    if (flow !== undefined) {
      yield* judge(flow, now)
      if (now >= flow.upSince + Duration.toMillis(firstLook) && verdict.takeLook())
        yield* discovery.look
    }
    if (verdict.events().state === "silent") {
      yield* deafness.openAll
      yield* verdict.resortToNamespaces
    }
    yield* deafness.check
  })

  yield* loop("comparison of lists", Stream.runForEach(discovery.changes, takeList))
  yield* loop("proof of events", Effect.repeat(tick, Schedule.spaced(tickEvery)))

  return Proof.of({
    events: Effect.sync(verdict.events),
    link: Effect.sync(() => link),
    report: (state) =>
      Effect.sync(() => {
        link = state
      }),
    created: (instance) =>
      Effect.gen(function* () {
        // Evolution emits a namespace's first event before anybody can be in it.
        if (!source.isShared) return
        yield* verdict.follow(yield* source.flow())
        const upSince = verdict.upSince()
        if (upSince === undefined) return
        const now = yield* Clock.currentTimeMillis
        const words = `We created "${instance}" there, and Evolution's event of it did not come`
        suspicions.add([{ instance, kind: "created", after: upSince, since: upSince, words }], now)
      })
  })
})
