/** Invariants that hold after every scenario. */
import {
  accounted,
  backfilled,
  type Facts,
  isMessage,
  iso,
  type Logged,
  ledger,
  lossless,
  once,
  order,
  type Quarantined,
  stored
} from "./Facts.ts"
import type { Check, Scenario } from "./Scenario.ts"
import type { World } from "./World.ts"

export const invariants = [
  "accounted",
  "ledger",
  "stored",
  "once",
  "order",
  "backfilled",
  "honest",
  "alive"
] as const

export const checkAll = async (world: World, scenario: Scenario): Promise<ReadonlyArray<Check>> => {
  const facts: Facts = {
    sent: (await world.evolution.sent()).filter(({ event }) => isMessage(event)),
    stored: await world.evolution.stored(),
    logged: await world.query<Logged>(`
      select instance, origin, data #>> '{key,id}' as id, data #>> '{key,remoteJid}' as jid
      from events where event in ('messages.upsert', 'send.message') order by events.id`),
    quarantined: await world.query<Quarantined>(`
      select instance, event, payload #>> '{data,key,id}' as id,
        (extract(epoch from received_at) * 1000)::float8 as at
      from quarantine`),
    gaps: await world.gaps()
  }
  return [
    accounted(facts),
    ledger(facts),
    ...(scenario.isBackfilled === true || scenario.isLossless === true ? [stored(facts)] : []),
    once(facts),
    order(facts),
    ...(scenario.isBackfilled === true ? [backfilled(facts)] : []),
    ...(scenario.isLossless === true ? [lossless(facts)] : []),
    await honest(world),
    alive(world)
  ]
}

/** No status claimed a link that had been down for longer than the heartbeat needs to notice. */
const honest = async ({ cuts, sampler, setup, statuses }: World): Promise<Check> => {
  const { pingInterval = 1000, pingTimeout = 2000 } = setup.evolution ?? {}
  const patience = pingInterval + pingTimeout + 2000
  const late = sampler.samples.filter(
    ({ at, listening }) =>
      listening.size > 0 && cuts.some(({ from, to }) => at > from + patience && at < to)
  )
  const now = await statuses().catch(() => [])
  const away = now.filter(({ listener }) => listener.state._tag !== "Listening")
  const open = now.filter(({ gaps }) => gaps.open !== null)
  return {
    title: "honest",
    isOk: late.length === 0 && away.length === 0 && open.length === 0 && now.length > 0,
    figure: `${late.length} of ${sampler.samples.length} samples wrong`,
    details: [
      ...late.slice(0, 5).map(({ at, listening }) => `${iso(at)}: ${listening.size} Listening`),
      ...cuts.map(({ from, to }) => `nothing came through from ${iso(from)} to ${iso(to)}`),
      ...away.slice(0, 5).map(({ listener, name }) => `${name}: ${JSON.stringify(listener.state)}`),
      ...open.slice(0, 5).map(({ gaps, name }) => `${name}: open ${JSON.stringify(gaps.open)}`)
    ]
  }
}

const alive = ({ service }: World): Check => {
  const bugs = service
    .output()
    .split("\n")
    .filter((line) => /A bug of ours|\bcrashed\b/.test(line))
  const wrong = [...service.unmeant(), ...bugs]
  return {
    title: "alive",
    isOk: wrong.length === 0,
    figure: wrong.length === 0 ? "" : `${wrong.length} signs`,
    details: wrong.slice(0, 5).map((line) => line.slice(0, 1000))
  }
}
