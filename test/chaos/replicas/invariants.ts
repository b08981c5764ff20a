/** Invariants of several replicas, after every scenario. */
import {
  accounted,
  backfilled,
  type Facts,
  isMessage,
  iso,
  keyOf,
  type Logged,
  ledger,
  once,
  order,
  type Quarantined,
  stored
} from "../Facts.ts"
import type { Check } from "../Scenario.ts"
import type { Scenario } from "./Scenario.ts"
import { type Emitted, inTime } from "./Times.ts"
import type { Testimony } from "./Witness.ts"
import type { World } from "./World.ts"

export const invariants = [
  "without an owner",
  "unheard",
  "uncommitted",
  "accounted",
  "ledger",
  "stored",
  "once",
  "order",
  "backfilled",
  "epochs",
  "cursor",
  "stream",
  "heard by both",
  "ready",
  "alive"
] as const

export const checkAll = async (world: World, scenario: Scenario): Promise<ReadonlyArray<Check>> => {
  if (scenario.setup?.isUnfenced === true) return [noticed(epochs(await world.testimony()))]
  const emitted = await emittedOf(world)
  const facts = await factsOf(world, emitted)
  const testimony = await world.testimony()
  const rows = await world.query<{ id: number }>("select id::float8 from events order by id")
  const { id: end } = world.end
  const ids = rows.map(({ id }) => id).filter((id) => id <= end)
  const upToEnd = (read: ReadonlyArray<number>) => read.filter((id) => id <= end)
  return [
    ...inTime(world, scenario, testimony, emitted, liveOf(facts)),
    accounted(facts),
    ledger(facts),
    once(facts),
    order(facts),
    ...(scenario.isLossless === true || scenario.isBackfilled === true ? [stored(facts)] : []),
    ...(scenario.isBackfilled === true ? fetched(facts) : []),
    ...(scenario.ears === true || scenario.isLossless === true ? [complete(facts, scenario)] : []),
    epochs(testimony),
    sameIds("cursor", ids, upToEnd(world.cursor.ids), ""),
    sameIds("stream", ids, upToEnd(world.roaming.ids), `${visits(world)} visits`),
    ...(scenario.isUnready === true ? [] : [ready(world)]),
    alive(world)
  ]
}

/** Messages of gaps, where anything was missed. */
const fetched = (facts: Facts): ReadonlyArray<Check> => {
  const sent = facts.sent.filter(({ event }) => isMessage(event))
  const live = liveOf(facts)
  return sent.every((one) => live.has(keyOf(one))) ? [] : [backfilled({ ...facts, sent })]
}

const liveOf = ({ logged }: Facts) =>
  new Set(logged.flatMap((one) => (one.origin === "live" ? [keyOf(one)] : [])))

const instanceOf = (server: string, instance: string) => `${server}/${instance}`

const emittedOf = async ({ evolution, servers }: World): Promise<ReadonlyArray<Emitted>> => {
  const all = await Promise.all(
    servers.map(async (server) =>
      (await evolution(server).sent())
        .filter(({ id }) => id !== null)
        .map((one) => ({ ...one, server, instance: instanceOf(server, one.instance) }))
    )
  )
  return all.flat()
}

const factsOf = async (world: World, sent: ReadonlyArray<Emitted>): Promise<Facts> => {
  const { evolution, query, servers } = world
  const stored = await Promise.all(
    servers.map(async (server) =>
      (await evolution(server).stored()).map(({ id, instance }) => ({
        id,
        instance: instanceOf(server, instance)
      }))
    )
  )
  return {
    sent,
    stored: stored.flat(),
    logged: await query<Logged>(`
      select concat(server, '/', instance) as instance, origin,
        coalesce(data #>> '{key,id}', data ->> 'id') as id, data #>> '{key,remoteJid}' as jid
      from events where event in ('messages.upsert', 'send.message', 'presence.update')
        and coalesce(data #>> '{key,id}', data ->> 'id') is not null
      order by events.id`),
    quarantined: await query<Quarantined>(`
      select concat(server, '/', instance) as instance, event,
        coalesce(payload #>> '{data,key,id}', payload #>> '{data,id}') as id,
        (extract(epoch from received_at) * 1000)::float8 as at
      from quarantine`),
    gaps: await world.gaps()
  }
}

/** Nothing of any kind is missing, and nothing had to be fetched. */
const complete = (facts: Facts, { isPlanned }: Scenario): Check => {
  const { gaps, sent } = facts
  const live = liveOf(facts)
  const missing = sent.filter((one) => !live.has(keyOf(one)))
  return {
    title: "heard by both",
    isOk: missing.length === 0 && (isPlanned !== true || gaps.length === 0),
    figure: `${missing.length} missing, ${gaps.length} gaps`,
    details: missing
      .slice(0, 12)
      .map(({ at, event, id, instance }) => `${instance} ${event} ${id} at ${iso(at)}`)
  }
}

/** The process that wrote is the owner of the newest epoch, and epochs only grow along the log. */
const epochs = ({ appends, changes, writes }: Testimony): Check => {
  const owners = new Map<string, string>()
  const wrong: Array<string> = []
  for (const { application, epoch, server } of changes) {
    if (application === null) continue
    const key = `${server} ${epoch}`
    const before = owners.get(key)
    if (before !== undefined && before !== application)
      wrong.push(`epoch ${epoch} of ${server} belongs to ${before} and ${application}`)
    owners.set(key, application)
  }
  const all = [...appends.map((one) => ({ ...one, what: "events" })), ...writes]
  for (const { application, at, epoch, server, what } of all)
    if (owners.get(`${server} ${epoch}`) !== application)
      wrong.push(`${iso(at)} ${application} wrote ${what} of ${server} in epoch ${epoch}`)
  const newest = new Map<string, number>()
  for (const { epoch, first, server } of [...appends].sort((one, two) => one.first - two.first)) {
    if (epoch < (newest.get(server) ?? 0)) wrong.push(`event ${first} is of the old epoch ${epoch}`)
    newest.set(server, Math.max(epoch, newest.get(server) ?? 0))
  }
  return {
    title: "epochs",
    isOk: wrong.length === 0 && appends.length > 0,
    figure: `${owners.size} tenures, ${all.length} writes${wrong.length === 0 ? "" : `, ${wrong.length} wrong`}`,
    details: wrong.slice(0, 12)
  }
}

/** A check that has to fail. */
const noticed = ({ details, figure, isOk, title }: Check): Check => ({
  title: `${title} are wrong, as they have to be`,
  isOk: !isOk,
  figure,
  details
})

/** A reader saw the log: no id is missing, repeated, or out of order. */
const sameIds = (
  title: string,
  log: ReadonlyArray<number>,
  read: ReadonlyArray<number>,
  figure: string
): Check => {
  const known = new Set(read)
  const holes = log.filter((id) => !known.has(id))
  const repeats = read.length - known.size
  const late = read.filter((id, nth) => id <= (read[nth - 1] ?? 0)).length
  const strange = [...known].length - (log.length - holes.length)
  const isOk = holes.length + repeats + late + strange === 0 && read.length > 0
  return {
    title,
    isOk,
    figure: isOk ? figure : `${holes.length} missing, ${repeats} repeated, ${late} late ${figure}`,
    details: [
      `${log.length} in the log, ${read.length} read, the last ${read.at(-1)}`,
      ...(holes.length > 0 ? [`missing from ${holes[0]} to ${holes.at(-1)}`] : [])
    ]
  }
}

const visits = ({ roaming }: World) =>
  [...roaming.visits.values()].reduce((sum, count) => sum + count, 0)

/** A replica is ready whether it owns a server or not, and whoever owns it. */
const ready = ({ readiness }: World): Check => ({
  title: "ready",
  isOk: readiness.unready.length === 0 && readiness.looks() > 0,
  figure: `${readiness.looks()} looks`,
  details: readiness.unready.slice(0, 12)
})

const alive = ({ replicas }: World): Check => {
  const wrong = replicas.flatMap(({ name, service }) => [
    ...service.unmeant().map((line) => `${name}: ${line}`),
    ...service
      .output()
      .split("\n")
      .filter((line) => /A bug of ours|\bcrashed\b/.test(line))
      .map((line) => `${name}: ${line}`)
  ])
  return {
    title: "alive",
    isOk: wrong.length === 0,
    figure: wrong.length === 0 ? "" : `${wrong.length} signs`,
    details: wrong.slice(0, 8).map((line) => line.slice(0, 1000))
  }
}
