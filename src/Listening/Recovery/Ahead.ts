/** The time by which our clock is ahead of those that stamp the messages of a gap. */
import { Effect } from "effect"
import * as ClockOffset from "../../Domain/ClockOffset.ts"
import * as Gap from "../../Domain/Gap.ts"
import type { EventStore } from "../../Log/EventStore.ts"
import type { Clocks } from "../Clocks.ts"

export interface Ahead {
  /** As far as it is measured. */
  readonly known: ClockOffset.ClockOffset | null
  /** Nothing tells of WhatsApp's clock: ours may agree with it, and Evolution's be wrong. */
  readonly mayAgree: boolean
  /** For the clock that stamps most messages, WhatsApp's; Evolution stamps those that it sends. In ms. */
  readonly ofMost: number
}

/** A message that came later than this was held back, and tells nothing of a clock; in ms. */
const longestDelay = 3_600_000

/** Until WhatsApp's clock is measured, messages that were heard beside the gap tell of it. */
export const aheadOf = (
  { clocks, log }: { readonly clocks: Clocks["Type"]; readonly log: EventStore["Type"] },
  gap: Gap.Closed
) =>
  Effect.gen(function* () {
    const { evolution, whatsapp } = yield* clocks.offsets
    const ahead = (messages: ClockOffset.ClockOffset | null, ofMost = 0): Ahead => ({
      known: ClockOffset.hull(evolution, messages),
      mayAgree: messages === null,
      ofMost
    })
    if (whatsapp !== null) return ahead(whatsapp, whatsapp.most)
    // Messages beside an import may be a year old.
    if (Gap.isImport(gap)) return ahead(null, evolution?.most)
    const { after, before } = yield* log.messagesAround(gap.instance, gap.from, gap.to)
    const delays = [...before, ...after]
      .flatMap(({ at, sentAt }) => (sentAt === null ? [] : [at - sentAt]))
      .filter((delay) => Math.abs(delay) <= longestDelay)
    if (delays.length === 0) return ahead(null, evolution?.most)
    const [least, most] = [Math.min(...delays), Math.max(...delays)]
    return ahead({ least, most }, least)
  })
