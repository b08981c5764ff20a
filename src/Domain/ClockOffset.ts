/**
 * Measures by how much our clock is ahead of another one. Samples are kept against the monotonic clock, so
 * a wall clock that is set leaves them valid.
 */
import { type Clock as EffectClock, Schema } from "effect"
import { monotonicOf, wallOf } from "./Clock.ts"

/** Bounds, in ms, of the time by which our clock is ahead; negative: it is behind. */
export const ClockOffset = Schema.Struct({ least: Schema.Number, most: Schema.Number })
export type ClockOffset = typeof ClockOffset.Type

/** An offset beyond this is told: gaps, ages and expiries are off by as much. */
export const tolerated = 30_000

/** The least range that holds all of these; `null`: there is none. */
export const hull = (...offsets: ReadonlyArray<ClockOffset | null>): ClockOffset | null =>
  offsets.reduce((one, other) => {
    if (one === null || other === null) return one ?? other
    return { least: Math.min(one.least, other.least), most: Math.max(one.most, other.most) }
  }, null)

/** The offset that is surely there: 0 where the range holds 0. */
export const certain = ({ least, most }: ClockOffset): number =>
  Math.max(least, 0) + Math.min(most, 0)

/** Says by how much our clock differs from another one. */
export const sentence = (whose: string, millis: number): string =>
  `Our clock is ${Math.round(Math.abs(millis) / 1000)} s ${millis > 0 ? "ahead of" : "behind"} ${whose}'s`

/** Both clocks at one moment, in ms. */
export interface Moment {
  readonly wall: number
  readonly monotonic: number
}

export const momentOf = (clock: EffectClock.Clock): Moment => ({
  wall: wallOf(clock)(),
  monotonic: monotonicOf(clock)()
})

const shift = ({ least, most }: ClockOffset, millis: number): ClockOffset => ({
  least: least + millis,
  most: most + millis
})

/** Clocks drift apart by milliseconds in this time; a clock that was set is believed after it at the latest. */
const hostMemory = 10 * 60_000

/** Offset to a server, from the `Date` header of its answers. */
export const ofServer = () => {
  /** On the monotonic clock. */
  let known: ClockOffset | null = null
  let since = Number.NEGATIVE_INFINITY
  return {
    /** `asked`, `answered`: our wall clock, ms. `date`: the header, which has whole seconds. */
    answered: (date: string | undefined, asked: number, answered: Moment): void => {
      const served = Date.parse(date ?? "")
      if (Number.isNaN(served) || asked > answered.wall) return
      const sample = shift(
        { least: asked - (served + 1000), most: answered.wall - served },
        answered.monotonic - answered.wall
      )
      const both: ClockOffset | null = known && {
        least: Math.max(known.least, sample.least),
        most: Math.min(known.most, sample.most)
      }
      const isStale = answered.monotonic - since > hostMemory
      if (both === null || isStale || both.least > both.most) {
        known = sample
        since = answered.monotonic
      } else known = both
    },
    offset: ({ monotonic, wall }: Moment): ClockOffset | null =>
      known && shift(known, wall - monotonic)
  }
}

const maxSamples = 64
const sampleMemory = 6 * 3_600_000
/** Messages that took as long as the quickest one, about. Their times are whole seconds. */
const agreement = 10_000
const transit = 3_000
const enough = 3
/** Old messages come in a burst; only new ones keep the same age for so long. */
const evidence = 60_000

/**
 * Offset to WhatsApp's clock, from the times of live messages: a message cannot come before it was sent, and
 * the quickest come at once. Old messages, which WhatsApp delivers late, are older than the quickest.
 */
export const ofMessages = () => {
  let samples: ReadonlyArray<{ readonly at: number; readonly offset: number }> = []
  return {
    /** `sentAt`: the message's time, ms. At most one sample a second is taken. */
    heard: (sentAt: number, receivedAt: number, { monotonic, wall }: Moment): void => {
      const at = monotonic - (wall - receivedAt)
      const last = samples.at(-1)
      if (last !== undefined && Math.abs(at - last.at) < 1000) return
      const fresh = samples.filter((sample) => at - sample.at < sampleMemory)
      samples = [...fresh.slice(1 - maxSamples), { at, offset: at - sentAt }]
    },
    offset: ({ monotonic, wall }: Moment): ClockOffset | null => {
      const most = samples.reduce((least, { offset }) => Math.min(least, offset), Infinity)
      const quick = samples.filter(({ offset }) => offset <= most + agreement)
      const stretch = (quick.at(-1)?.at ?? 0) - (quick[0]?.at ?? 0)
      return quick.length < enough || stretch < evidence
        ? null
        : shift({ least: most - transit, most }, wall - monotonic)
    }
  }
}
