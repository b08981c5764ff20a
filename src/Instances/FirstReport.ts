/** Tells in five lines of the log, at the start, what was found at Evolution and what to do next. */
import { Effect, Layer, Schedule } from "effect"
import { loop } from "../Concurrency/Supervise.ts"
import type { Condition, ServerSummary as Found } from "../Domain/Summary.ts"
import { Summary } from "./Summary.ts"

const lookEvery = "500 millis"

/** Questions in vain, at most: the report then says that nothing is known. */
const maxLooks = 40

const make = Effect.gen(function* () {
  const summary = yield* Summary
  let before: Found | undefined
  const look = Effect.map(
    summary.of(() => true),
    (now) => {
      const isSettled = before !== undefined && isSame(before, now)
      before = now
      return [now, isSettled] as const
    }
  )
  const settled = Effect.repeat(look, {
    until: ([, isSettled]) => isSettled,
    schedule: Schedule.intersect(Schedule.spaced(lookEvery), Schedule.recurs(maxLooks))
  })
  yield* loop(
    "first report",
    Effect.flatMap(settled, () => (before === undefined ? Effect.void : write(before)))
  )
})

/** Nothing more is about to be known: listeners have started, and the version was told. */
const isSame = (before: Found, now: Found): boolean =>
  now.condition !== "starting" &&
  now.condition === before.condition &&
  now.instances.listenedTo === before.instances.listenedTo &&
  (now.evolution.version !== null || now.evolution.isReachable !== true)

const bad: ReadonlySet<Condition> = new Set([
  "key_refused",
  "license_required",
  "websocket_disabled",
  "not_reached",
  "no_link",
  "not_broadcast"
])

const write = ({ condition, evolution, instances, message }: Found) =>
  Effect.gen(function* () {
    const { events, isReachable, list, url, version } = evolution
    const name = version === null ? "Evolution" : `Evolution ${version}`
    yield* Effect.logInfo(
      isReachable === false ? `${name} does not answer at ${url}` : `${name} at ${url}`
    )
    yield* Effect.logInfo(
      list.at === null
        ? `Instances: not known, as Evolution has not given its list${list.error === null ? "" : `: ${list.error}`}`
        : `Instances at Evolution: ${instances.known}`
    )
    yield* Effect.logInfo(
      `Listened to: ${instances.listenedTo} of ${instances.known}; to change it: AUTO_START, or POST /instances/NAME/start and stop`
    )
    yield* Effect.logInfo(`Events: ${aboutEvents[events.state]}`)
    yield* (bad.has(condition) ? Effect.logError : Effect.logInfo)(
      `What is so, and what to do: ${message}`
    )
  })

const aboutEvents = {
  proven: "proven to reach us",
  unproven: "not proven to reach us yet; any event of any instance proves it",
  silent: "none reach us, although the link is up"
}

/** Reports once, when it is known what there is to report. */
export const layer = Layer.scopedDiscard(Effect.suspend(() => make))
