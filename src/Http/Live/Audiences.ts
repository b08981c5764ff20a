/** Who reads what: readers by their filter, so that an event costs nothing where nobody wants it. */
import type { LoggedEvent } from "../../Domain/Event.ts"
import type { Filter } from "./Filter.ts"
import * as Frames from "./Frames.ts"
import type { Reader } from "./Reader.ts"

/** The readers with one filter. */
interface Audience {
  readonly filter: Filter
  readonly readers: Set<Reader>
  /** What those who follow have not been given, and how large it is. */
  pending: Array<LoggedEvent>
  chars: number
  isDue: boolean
}

/** More than this does not wait for its turn. */
const maxChars = 2 * 1024 * 1024

const nobody: ReadonlySet<Audience> = new Set()

export const make = () => {
  const all = new Map<string, Audience>()
  /** Those who are after one instance. */
  const byInstance = new Map<string, Set<Audience>>()
  /** Those who are after several. */
  const broad = new Set<Audience>()
  let due: Array<Audience> = []

  const audienceOf = (filter: Filter): Audience => {
    const known = all.get(filter.key)
    if (known !== undefined) return known
    const readers = new Set<Reader>()
    const made = { filter, readers, pending: [], chars: 0, isDue: false }
    all.set(filter.key, made)
    if (filter.instance === undefined) broad.add(made)
    else byInstance.set(filter.instance, (byInstance.get(filter.instance) ?? new Set()).add(made))
    return made
  }

  const drop = ({ filter }: Audience): void => {
    const audience = all.get(filter.key)
    if (audience === undefined) return
    all.delete(filter.key)
    broad.delete(audience)
    if (filter.instance === undefined) return
    const others = byInstance.get(filter.instance)
    others?.delete(audience)
    if (others?.size === 0) byInstance.delete(filter.instance)
  }

  const isDue = (audience: Audience): void => {
    if (!audience.isDue) due.push(audience)
    audience.isDue = true
  }

  const offer = (audience: Audience, event: LoggedEvent): void => {
    if (!audience.filter.takes(event)) return
    audience.pending.push(event)
    audience.chars += event.json.length + (event.extra?.length ?? 0)
    isDue(audience)
    if (audience.chars > maxChars) serveOne(audience, event.id)
  }

  return {
    enter: (reader: Reader): void => void audienceOf(reader.wants).readers.add(reader),
    /** Says whether it was there. */
    leave: (reader: Reader): boolean => {
      const audience = all.get(reader.wants.key)
      if (!audience?.readers.delete(reader)) return false
      if (audience.readers.size === 0) drop(audience)
      return true
    },
    *readers(): Iterable<Reader> {
      for (const { readers } of all.values()) yield* readers
    },
    /** Keeps for each what it wants; says whether there is something to give. */
    sort: (events: ReadonlyArray<LoggedEvent>): boolean => {
      if (all.size === 0) return false
      for (const event of events) {
        for (const audience of byInstance.get(event.instance) ?? nobody) offer(audience, event)
        for (const audience of broad) offer(audience, event)
      }
      return due.length > 0
    },
    /**
     * A text for whoever is after an instance, written when there is somebody; says whether there is
     * something to give.
     */
    note: (instance: string, write: () => string): boolean => {
      let text: string | undefined
      for (const audience of all.values()) {
        if (!audience.filter.isAbout(instance)) continue
        text ??= write()
        for (const reader of audience.readers) reader.note(text)
        isDue(audience)
      }
      return due.length > 0
    },
    /** How far one who follows has come, when everything up to `newest` was sorted. */
    cursorOf: (reader: Reader, newest: number): number =>
      reader.phase === "following" && all.get(reader.wants.key)?.isDue === false
        ? newest
        : reader.cursor,
    /**
     * Gives to all who follow what they have not been given yet: everything up to `newest`. Says how many
     * were given something.
     */
    serve: (newest: number): number => {
      const waiting = due
      due = []
      let served = 0
      for (const audience of waiting) if (audience.isDue) served += serveOne(audience, newest)
      return served
    }
  }
}

export type Audiences = ReturnType<typeof make>

const serveOne = (audience: Audience, newest: number): number => {
  const { pending } = audience
  let served = 0
  audience.pending = []
  audience.chars = 0
  audience.isDue = false
  const first = pending[0]?.id ?? newest + 1
  /** Encoded once for all; the socket takes it as it is. */
  let whole: Buffer | undefined
  for (const reader of audience.readers) {
    if (reader.phase !== "following") continue
    if (!reader.keepsUp) {
      reader.fallBehind(first - 1)
      continue
    }
    served++
    if (reader.cursor < first) {
      whole ??= Buffer.from(Frames.textOf(pending))
      reader.give(whole, newest)
    } else {
      reader.give(Frames.textOf(pending.filter(({ id }) => id > reader.cursor)), newest)
    }
  }
  return served
}
