/** Times of a scenario: without an owner, without an ear, without a commit. */
import type { Sent } from "../../support/EvolutionProcess.ts"
import { iso, keyOf } from "../Facts.ts"
import type { Check } from "../Scenario.ts"
import type { Scenario } from "./Scenario.ts"
import type { Append, Change, Testimony } from "./Witness.ts"
import type { World } from "./World.ts"

/** An event of a server, as it was sent. */
export interface Emitted extends Sent {
  readonly server: string
}

/** In ms. */
interface Times {
  /** From the end of a tenure, or the harm to its owner, to the next tenure; the longest. */
  readonly withoutOwner: number
  /** The longest run of events, sent at an even pace, of which none was received live. */
  readonly unheard: number
  /** The longest time between two commits of live events of a server under the load. */
  readonly uncommitted: { readonly from: number; readonly millis: number }
  /** Number of tenures that began under the load. */
  readonly moves: number
}

const timesOf = (
  { harms, loaded }: Pick<World, "harms" | "loaded">,
  appends: ReadonlyArray<Append>,
  changes: ReadonlyArray<Change>,
  sent: ReadonlyArray<Emitted>,
  isHeard: (event: Emitted) => boolean
): Times => {
  const servers = [...new Set(changes.map(({ server }) => server))]
  const spans = servers.flatMap((server) =>
    ownerless(
      changes.filter((one) => one.server === server),
      harms
    )
  )
  const underLoad = spans.filter(({ to }) => to >= loaded.from)
  return {
    withoutOwner: Math.max(0, ...underLoad.map(({ from, to }) => to - from)),
    moves: underLoad.length,
    unheard: Math.max(
      0,
      ...servers.map((server) =>
        longestRun(
          sent.filter((one) => one.server === server && one.at >= loaded.from),
          isHeard
        )
      )
    ),
    uncommitted: longestPause(
      servers.map((server) =>
        appends
          .filter((one) => one.server === server && one.live > 0)
          .map(({ at }) => at)
          .filter((at) => at >= loaded.from && at <= loaded.to)
      )
    )
  }
}

const longestPause = (all: ReadonlyArray<ReadonlyArray<number>>): Times["uncommitted"] =>
  all
    .flatMap((times) =>
      times.slice(1).map((at, nth) => {
        const from = times[nth] ?? at
        return { from, millis: at - from }
      })
    )
    .reduce((longest, one) => (one.millis > longest.millis ? one : longest), { from: 0, millis: 0 })

/** One stretch for each tenure but the first: empty where a living owner was taken over. */
const ownerless = (changes: ReadonlyArray<Change>, harms: World["harms"]) => {
  const spans: Array<{ readonly from: number; readonly to: number }> = []
  let last: Change | undefined
  let released: number | undefined
  for (const change of changes) {
    if (change.application === null) released = change.at
    else if (last === undefined) last = change
    else {
      const { application, at } = last
      const harm = harms.find(
        (one) => one.application === application && one.at > at && one.at < change.at
      )
      spans.push({ from: Math.min(released ?? change.at, harm?.at ?? change.at), to: change.at })
      last = change
      released = undefined
    }
  }
  return spans
}

const longestRun = (sent: ReadonlyArray<Emitted>, isHeard: (event: Emitted) => boolean): number => {
  let longest = 0
  let begin: number | undefined
  for (const event of sent) {
    if (isHeard(event)) begin = undefined
    else {
      begin ??= event.at
      longest = Math.max(longest, event.at - begin)
    }
  }
  return longest
}

const seconds = (millis: number) => `${(millis / 1000).toFixed(millis < 10_000 ? 2 : 1)} s`

const planned = 1000
/** The heir's listeners begin, which takes a busy machine longer. */
const plannedQuiet = 5000

/** `live`: keys of events that were received live. */
export const inTime = (
  world: World,
  { ears, isPlanned, within = Number.POSITIVE_INFINITY }: Scenario,
  { appends, changes }: Testimony,
  sent: ReadonlyArray<Emitted>,
  live: ReadonlySet<string>
): ReadonlyArray<Check> => {
  const found = timesOf(world, appends, changes, sent, (one) => live.has(keyOf(one)))
  const limit = isPlanned === true ? planned : within * 1000
  const quiet = isPlanned === true ? plannedQuiet : Number.POSITIVE_INFINITY
  const hearing = ears === true ? 0 : limit
  const moves = changes.map(
    ({ application, at, epoch, server }) =>
      `${iso(at)} ${server} ${application ?? "released"} epoch ${epoch}`
  )
  return [
    {
      title: "without an owner",
      isOk: found.withoutOwner <= limit,
      figure: `${seconds(found.withoutOwner)}, ${found.moves} moves`,
      details: moves
    },
    {
      title: "unheard",
      isOk: found.unheard <= hearing,
      figure: seconds(found.unheard),
      details: [`at most ${seconds(hearing)}`]
    },
    {
      title: "uncommitted",
      isOk: found.uncommitted.millis <= quiet,
      figure: seconds(found.uncommitted.millis),
      details: [`from ${iso(found.uncommitted.from)}`, ...moves]
    }
  ]
}
