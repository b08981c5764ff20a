/** Invariants of deliveries, after every scenario. */
import type { Sent, Verdict } from "../../support/Receiver.ts"
import type { Check } from "../Scenario.ts"
import { type Row, takes } from "./Endpoints.ts"
import { rowsQuery, type World } from "./World.ts"

export const invariants = [
  "lost",
  "order",
  "duplicates",
  "same id",
  "previous",
  "signed",
  "in time",
  "alive"
] as const

export const checkAll = async (world: World): Promise<ReadonlyArray<Check>> => {
  const { brokers, endpoints, judge, query, watch } = world
  watch()
  for (const arrival of (await brokers?.arrivals()) ?? []) judge.see(arrival)
  const begin = Math.min(...endpoints.map(({ startsAfter }) => startsAfter))
  const rows = await query<Row>(rowsQuery, [begin])
  const verdict = judge.verdict(sentTo(world, rows))
  if (world.setup.isSabotaged === true)
    return [noticed("lost", verdict.lost.count), noticed("repeated", verdict.duplicates.length)]
  return [
    found("lost", [verdict.lost, verdict.strangers], `${verdict.events} events`),
    found("order", [verdict.disorders, verdict.overtakings], `${verdict.lanes} lanes`),
    repeated(verdict, await world.harms()),
    found("same id", [verdict.renamed], ""),
    found("previous", [verdict.broken, verdict.untold], ""),
    found("signed", [verdict.unsigned], ""),
    ...(world.setup.isTimed === true ? [inTime(world, rows)] : []),
    alive(world)
  ]
}

const noticed = (what: string, count: number): Check => ({
  title: `events are ${what}, as they have to be`,
  isOk: count > 0,
  figure: `${count}`,
  details: []
})

function* sentTo({ endpoints }: World, rows: ReadonlyArray<Row>): Generator<Sent> {
  for (const endpoint of endpoints)
    for (const row of rows) {
      const { id, instance, server } = row
      if (takes(endpoint, row)) yield { path: endpoint.path, server, instance, cursor: id }
    }
}

const found = (title: string, findings: ReadonlyArray<Verdict["lost"]>, figure: string): Check => {
  const count = findings.reduce((sum, finding) => sum + finding.count, 0)
  return {
    title,
    isOk: count === 0,
    figure: count === 0 ? figure : `${count} of ${figure}`,
    details: findings.flatMap(({ some }) => some)
  }
}

/** A lane repeats the event that was in hand, when the service or its receiver is killed, or an owner is replaced: one each time. */
const repeated = ({ arrivals, duplicates, retries }: Verdict, harms: number): Check => {
  const byLane = new Map<string, number>()
  for (const { lane } of duplicates) byLane.set(lane, (byLane.get(lane) ?? 0) + 1)
  const wrong = [...byLane].filter(([, count]) => count > harms)
  return {
    title: "duplicates",
    isOk: wrong.length === 0,
    figure: `${duplicates.length} of ${arrivals}, ${harms} kills, ${retries} retries`,
    details: wrong.slice(0, 12).map(([lane, count]) => `${lane}: ${count} after ${harms} kills`)
  }
}

export const quantile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

/** The bound of the time from the log to a receiver that is well, in ms, on a busy machine. Its neighbours take longer. */
const within = 5000

/** Receivers that are well get their events soon, whatever others do. */
const inTime = ({ taken }: World, rows: ReadonlyArray<Row>): Check => {
  const at = new Map(rows.map((row) => [row.id, row.at]))
  const times = taken
    .filter(({ path }) => path.startsWith("/well"))
    .map((one) => one.at - (at.get(one.cursor) ?? Number.NaN))
    .sort((left, right) => left - right)
  const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)]
  return {
    title: "in time",
    isOk: p99 <= within,
    figure: `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
    details: []
  }
}

const alive = ({ members }: World): Check => {
  const wrong = members.flatMap(({ name, service }) => [
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
