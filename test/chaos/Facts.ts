/** Invariants over what was sent and what is in the log. */
import type { Named, Sent } from "../support/EvolutionProcess.ts"
import type { Check } from "./Scenario.ts"
import type { Gap } from "./Service.ts"

export interface Logged {
  readonly instance: string
  readonly origin: string
  readonly id: string
  readonly jid: string
}

export interface Quarantined {
  readonly instance: string
  readonly event: string
  readonly id: string | null
  readonly at: number
}

/** The messages that were sent and those that are in the log. */
export interface Facts {
  readonly sent: ReadonlyArray<Sent>
  /** Messages in Evolution's database. */
  readonly stored: ReadonlyArray<Named>
  /** In the log's order. */
  readonly logged: ReadonlyArray<Logged>
  readonly quarantined: ReadonlyArray<Quarantined>
  readonly gaps: ReadonlyArray<Gap>
}

export const isMessage = (event: string): boolean =>
  event === "messages.upsert" || event === "send.message"

export const keyOf = ({
  id,
  instance
}: {
  readonly instance: string
  readonly id: string | null
}) => `${instance} ${id}`

const isIn = ({ at, instance }: Sent, gap: Gap): boolean =>
  gap.instance === instance &&
  at >= Date.parse(gap.from) &&
  (gap.to === null || at <= Date.parse(gap.to))

const gapsByInstance = (gaps: ReadonlyArray<Gap>) => {
  const found = new Map<string, Array<Gap>>()
  for (const gap of gaps) found.set(gap.instance, [...(found.get(gap.instance) ?? []), gap])
  return found
}

/** Every message is in the log or in quarantine, or a gap covers the time of its sending. */
export const accounted = ({ gaps, logged, quarantined, sent }: Facts): Check => {
  const known = new Set([...logged.map(keyOf), ...quarantined.map(keyOf)])
  const absent = sent.filter((one) => !known.has(keyOf(one)))
  const byInstance = gapsByInstance(gaps)
  const unheard = absent.filter(
    (one) => !(byInstance.get(one.instance) ?? []).some((gap) => isIn(one, gap))
  )
  // Events that Postgres refused have no text in quarantine; they are matched by instance and time.
  const textless = quarantined.filter(({ id }) => id === null)
  const missing = unheard.filter((one) => {
    const found = textless.findIndex(
      ({ at, event, instance }) =>
        instance === one.instance && event === one.event && Math.abs(at - one.at) < 10_000
    )
    if (found !== -1) textless.splice(found, 1)
    return found === -1
  })
  return {
    title: "accounted",
    isOk: missing.length === 0,
    figure: `${sent.length} sent, ${sent.length - absent.length} logged, ${absent.length - unheard.length} in gaps${missing.length === 0 ? "" : `, ${missing.length} missing`}`,
    details: [
      ...missing.slice(0, 12).map(({ at, id, instance }) => `${instance} ${id} at ${iso(at)}`),
      ...(missing.length > 12 ? [`… ${missing.length} in all, ${span(missing)}`] : []),
      ...gaps.filter(({ instance }) => instance === missing[0]?.instance).map(describeGap)
    ]
  }
}

/** Every message that was not received live is in a gap; to fetch one outside of all gaps is luck. */
export const ledger = ({ gaps, logged, quarantined, sent }: Facts): Check => {
  const live = logged.filter(({ origin }) => origin === "live")
  const heard = new Set([...live.map(keyOf), ...quarantined.map(keyOf)])
  const byInstance = gapsByInstance(gaps)
  const unknown = sent.filter(
    (one) =>
      !heard.has(keyOf(one)) && !(byInstance.get(one.instance) ?? []).some((gap) => isIn(one, gap))
  )
  const textless = quarantined.filter(({ id }) => id === null).length
  return {
    title: "ledger",
    isOk: unknown.length <= textless,
    figure: `${gaps.length} gaps, ${Math.max(0, unknown.length - textless)} outside`,
    details: [
      ...unknown.slice(0, 12).map(({ at, id, instance }) => `${instance} ${id} at ${iso(at)}`),
      ...(unknown.length > 12 ? [`… ${unknown.length} in all, ${span(unknown)}`] : []),
      ...gaps.filter(({ instance }) => instance === unknown[0]?.instance).map(describeGap)
    ]
  }
}

/** Every message in Evolution's database is in the log or in quarantine: nothing counts on a gap. */
export const stored = ({ gaps, logged, quarantined, stored: all }: Facts): Check => {
  const known = new Set([...logged.map(keyOf), ...quarantined.map(keyOf)])
  const missing = all.filter((one) => !known.has(keyOf(one)))
  return {
    title: "stored",
    isOk: missing.length === 0,
    figure: `${all.length} stored, ${missing.length} not logged`,
    details: [
      ...missing.slice(0, 12).map(({ id, instance }) => `${instance} ${id}`),
      ...gaps.filter(({ instance }) => instance === missing[0]?.instance).map(describeGap)
    ]
  }
}

/** Ids are unique within an instance here, so a message in two chats is there twice. */
export const once = ({ logged }: Facts): Check => {
  const seen = new Map<string, number>()
  for (const one of logged) {
    const key = keyOf(one)
    seen.set(key, (seen.get(key) ?? 0) + 1)
  }
  const repeated = [...seen].filter(([, count]) => count > 1)
  return {
    title: "once",
    isOk: repeated.length === 0,
    figure: `${repeated.length} twice`,
    details: repeated.slice(0, 12).map(([key, count]) => `${key}: ${count} times`)
  }
}

export const order = ({ logged, sent }: Facts): Check => {
  const seqs = new Map(sent.map((one) => [keyOf(one), one.seq]))
  const last = new Map<string, number>()
  const wrong: Array<string> = []
  let live = 0
  for (const one of logged) {
    const seq = seqs.get(keyOf(one))
    if (one.origin !== "live" || seq == null) continue
    live++
    const before = last.get(one.instance) ?? 0
    if (seq <= before) wrong.push(`${one.instance}: ${seq} after ${before}`)
    last.set(one.instance, seq)
  }
  return {
    title: "order",
    isOk: wrong.length === 0,
    figure: wrong.length === 0 ? `${live} live` : `${wrong.length} of ${live} late`,
    details: wrong.slice(0, 12)
  }
}

/** Every message sent in a closed gap is in the log, and the gap is marked as recovered. */
export const backfilled = ({ gaps, logged, sent }: Facts): Check => {
  const known = new Set(logged.map(keyOf))
  const closed = gaps.filter(({ to }) => to !== null)
  const byInstance = gapsByInstance(closed)
  const missing = sent.filter(
    (one) =>
      !known.has(keyOf(one)) && (byInstance.get(one.instance) ?? []).some((gap) => isIn(one, gap))
  )
  const unrecovered = closed.filter(({ recovered }) => recovered !== true)
  const fetched = logged.filter(({ origin }) => origin === "backfill").length
  const told = gaps.reduce((sum, gap) => sum + gap.fetched, 0)
  return {
    title: "backfilled",
    isOk: missing.length === 0 && unrecovered.length === 0 && closed.length > 0 && fetched > 0,
    figure: `${fetched} (told ${told}) of ${closed.length} gaps`,
    details: [
      ...missing.slice(0, 12).map(({ at, id, instance }) => `${instance} ${id} at ${iso(at)}`),
      ...(missing.length > 12 ? [`… ${missing.length} in all, ${span(missing)}`] : []),
      ...unrecovered.slice(0, 12).map(describeGap)
    ]
  }
}

export const lossless = ({ gaps, logged, sent }: Facts): Check => {
  const known = new Set(logged.filter(({ origin }) => origin === "live").map(keyOf))
  const missing = sent.filter((one) => !known.has(keyOf(one)))
  return {
    title: "lossless",
    isOk: missing.length === 0,
    figure: `${missing.length} not live, ${gaps.length} gaps`,
    details: gaps.slice(0, 12).map(describeGap)
  }
}

export const iso = (millis: number): string => new Date(millis).toISOString()

const span = (sent: ReadonlyArray<Sent>): string =>
  `from ${iso(sent[0]?.at ?? 0)} to ${iso(sent.at(-1)?.at ?? 0)}`

const describeGap = ({ cause, fetched, from, instance, note, recovered, to }: Gap): string =>
  `gap of ${instance} from ${from} to ${to}: ${cause}, recovered ${recovered}, fetched ${fetched}${note === null ? "" : `, ${note}`}`
