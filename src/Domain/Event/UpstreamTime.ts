/**
 * Evolution's `date_time` in UTC. It is the local clock of Evolution's host with a false `Z`: the image sets
 * `TZ=America/Sao_Paulo`. An event comes at once, so our clock at receipt tells the zone.
 */
import { Option } from "effect"
import { tolerated } from "../ClockOffset.ts"

/** The form of `Date.toISOString`. */
export const isUpstreamTime = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)

const minute = 60_000
const quarter = 15 * minute

/** Zones apart from whole hours, in hours. IANA's database of time zones, the present ones. */
const odd = [-9.5, -3.5, -2.5, 3.5, 4.5, 5.5, 5.75, 6.5, 8.75, 9.5, 10.5, 12.75, 13.75]

/** The differences from UTC that a zone of the world has, in minutes. */
const zones: ReadonlySet<number> = new Set([
  ...Array.from({ length: 27 }, (_, n) => (n - 12) * 60),
  ...odd.map((hours) => hours * 60)
])

interface Heard {
  readonly upstreamTime: string | null
  /** Our clock, ms since 1970 UTC. */
  readonly receivedAt: number
  readonly origin: string
}

/**
 * The time at which Evolution sent a live event, by Evolution's clock, in ms since 1970 UTC. `None` where its
 * zone cannot be told: the two clocks are apart by no zone of the world, give or take 30 s, because one of
 * them is wrong or the event was late.
 */
export const upstreamAt = ({ origin, receivedAt, upstreamTime }: Heard): Option.Option<number> => {
  if (origin !== "live" || upstreamTime === null || !isUpstreamTime(upstreamTime))
    return Option.none()
  const local = Date.parse(upstreamTime)
  const zone = Math.round((local - receivedAt) / quarter) * quarter
  const sentAt = local - zone
  return zones.has(zone / minute) && Math.abs(receivedAt - sentAt) <= tolerated
    ? Option.some(sentAt)
    : Option.none()
}
