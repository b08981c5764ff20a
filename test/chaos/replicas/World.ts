/** The world of several replicas: Evolution servers, a Postgres, and replicas with ways of their own to each. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeRandom, type Random } from "../../../src/Testing/Random.ts"
import { type EvolutionProcess, startEvolution } from "../../support/EvolutionProcess.ts"
import { freePort, type PostgresCluster, startCluster } from "../../support/PostgresCluster.ts"
import type { Check } from "../Scenario.ts"
import type { Gap } from "../Service.ts"
import type { Setting } from "../suite.ts"
import { sleep, until } from "../until.ts"
import { allHeard, gapsQuery } from "./Log.ts"
import { startPooler } from "./Pooler.ts"
import { followCursor, type Reader, type RoamingReader, roam, watchReadiness } from "./Readers.ts"
import { makeReplica, type Replica, type Route } from "./Replica.ts"
import type { Scenario, Setup } from "./Scenario.ts"
import { hear, install, ownerOf, removeFence, type Testimony } from "./Witness.ts"

export interface World {
  readonly setup: Setup
  readonly random: Random
  /** Ids of the Evolution servers. */
  readonly servers: ReadonlyArray<string>
  readonly names: ReadonlyArray<string>
  readonly evolution: (server: string) => EvolutionProcess
  readonly replicas: ReadonlyArray<Replica>
  readonly postgres: PostgresCluster
  readonly query: <Row extends object>(
    text: string,
    values?: ReadonlyArray<unknown>
  ) => Promise<ReadonlyArray<Row>>
  readonly checks: Array<Check>
  readonly expect: (title: string, isOk: boolean, figure?: string) => void
  readonly pause: (minimum: number, maximum: number) => Promise<void>
  /** The same load on every server; a tenth of the events are no messages. */
  readonly load: (eventsPerSecond: number) => Promise<void>
  readonly endLoad: () => Promise<void>
  /** Times of the load, by the suite's clock. */
  readonly loaded: { readonly from: number; readonly to: number }
  /** The replica that owns the server; waits until there is one that is up. */
  readonly owner: (server?: string) => Promise<Replica>
  /** Waits until no server has changed hands for some seconds: a replica that joins may be given one. */
  readonly settled: () => Promise<void>
  /** Waits until another replica owns the server. */
  readonly moved: (from: Replica, within?: number, server?: string) => Promise<Replica>
  /** Does harm to the process of a replica, and notes when. */
  readonly harm: (replica: Replica, act: () => unknown) => Promise<void>
  readonly harms: ReadonlyArray<{ readonly application: string; readonly at: number }>
  /** Rows of all servers; `instance` is `server/name`. */
  readonly gaps: () => Promise<ReadonlyArray<Gap>>
  readonly testimony: () => Promise<Testimony>
  /** The last event that the readers have to have read. */
  readonly end: { id: number }
  readonly cursor: Reader
  readonly roaming: RoamingReader
  readonly readiness: ReturnType<typeof watchReadiness>
  readonly leave: () => Promise<void>
}

const keys = (servers: ReadonlyArray<string>, one: (server: string, suffix: string) => object) =>
  Object.assign(
    { ...(servers.length > 1 ? { EVOLUTION_SERVERS: servers.join(",") } : {}) },
    ...servers.map((id) => one(id, id === "default" ? "" : `__${id.toUpperCase()}`))
  )

/** A replica that starts is seen by the engine within a second, and hears for a while before it takes a server. */
const quietMillis = 3500

export const enter = async (
  { name, setup = {} }: Scenario,
  { seed, shared }: Setting,
  count: number
): Promise<World> => {
  const random = makeRandom(seed, name)
  const { aheadMillis = [], late = 0, servers = ["default"] } = setup
  const leaving: Array<() => unknown> = []
  const leave = async () => {
    for (const one of leaving.splice(0).reverse()) await one()
  }
  const replicas: Array<Replica> = []
  try {
    const directory = mkdtempSync(join(tmpdir(), "evolution-listener-replicas-"))
    leaving.push(() => rmSync(directory, { recursive: true, force: true }))
    const postgres = setup.ownPostgres === true ? await startCluster() : shared
    if (postgres !== shared) leaving.push(postgres.remove)
    const direct = await postgres.create(name)
    const query: World["query"] = (text, values) => postgres.query(direct, text, values)
    const pooler = setup.isPooled === true ? await startPooler(direct) : undefined
    if (pooler !== undefined) leaving.push(pooler.close)

    const names = Array.from({ length: setup.instances ?? 5 }, (_, index) => `loja-${index + 1}`)
    const evolutions = new Map<string, EvolutionProcess>()
    const routes: Array<Route> = []
    for (const server of servers) {
      const evolution = await startEvolution({
        settings: { pingInterval: 1000, pingTimeout: 2000, seed, ...setup.evolution }
      })
      leaving.push(evolution.kill)
      evolutions.set(server, evolution)
      await evolution.add(names, { ownerJid: "5511999990001@s.whatsapp.net", state: "open" })
      for (const one of names) await evolution.emit(one, "presence.update", {})
      const target = Number(new URL(evolution.url).port)
      routes.push({ server, host: `evolution-${server}.test`, port: await freePort(), target })
    }
    const evolution = (server: string): EvolutionProcess => {
      const found = evolutions.get(server)
      if (found === undefined) throw new Error(`No server ${server}`)
      return found
    }

    for (let nth = 1; nth <= count; nth++) {
      const replica = await makeReplica({
        nth,
        databaseUrl: pooler?.url ?? direct,
        routes,
        aheadMillis: aheadMillis[nth - 1] ?? 0,
        variables: {
          ...keys(servers, (id, suffix) => ({
            [`EVOLUTION_API_URL${suffix}`]: `http://evolution-${id}.test:${routes.find(({ server }) => server === id)?.port}`,
            [`EVOLUTION_API_KEY${suffix}`]: evolution(id).apiKey
          })),
          EVOLUTION_MODE: "global",
          DATA_DIR: join(directory, String(nth)),
          ...setup.variables
        }
      })
      replicas.push(replica)
      leaving.push(replica.leave)
    }
    const early = replicas.slice(0, count - late)
    if (setup.isTogether === true) await Promise.all(early.map(({ start }) => start()))
    else for (const { start } of early) await start()
    await install(query, new Map(replicas.map((one) => [one.service.url, one.application()])))
    if (setup.isUnfenced === true) await removeFence(query)

    const ownerNow = async (server: string): Promise<Replica | undefined> => {
      const application = await ownerOf(query, server)
      return replicas.find((one) => one.application() === application && one.isUp())
    }
    const owner: World["owner"] = (server = "default") =>
      until(`${server} has an owner`, 30_000, () => ownerNow(server))

    const settled = async () => {
      const begin = Date.now()
      await until("no server changes hands", 60_000, async () => {
        const [row] = await query<{ quiet: number }>(
          "select witness.now() - greatest(max(at), $1) as quiet from witness.changes",
          [begin]
        )
        const owners = await Promise.all(servers.map(ownerNow))
        return (row?.quiet ?? 0) > quietMillis && owners.every((one) => one !== undefined)
      })
    }
    await settled()

    for (const server of servers)
      await until(`all instances of ${server} listen`, 30_000, async () => {
        const { service } = await owner(server)
        const answers = await Promise.all(
          names.map((one) => service.post(`/instances/${one}/start?server=${server}`))
        )
        return answers.every((status) => status < 300)
      })
    await allHeard({ servers, names, evolution, query }, 150_000)

    const harms: Array<{ application: string; at: number }> = []
    const loaded = { from: 0, to: 0 }
    const cursor = followCursor((after) =>
      query<{ id: number }>("select id::float8 from events where id > $1 order by id limit 5000", [
        after
      ])
    )
    leaving.push(cursor.stop)
    const roaming = roam(
      () => replicas.filter((one) => one.isUp()).map(({ service }) => service.url),
      makeRandom(seed, `${name}: reader`)
    )
    leaving.push(roaming.stop)
    const readiness = watchReadiness(
      () =>
        replicas
          .filter((one) => one.isUp())
          .map(({ name, service }) => ({ name, url: service.url })),
      (name) => replicas.some((one) => one.name === name && one.isUp())
    )
    leaving.push(readiness.stop)
    const checks: Array<Check> = []
    return {
      setup,
      random,
      servers,
      names,
      evolution,
      replicas,
      postgres,
      query,
      checks,
      expect: (title, isOk, figure = "") => checks.push({ title, isOk, figure, details: [] }),
      pause: (minimum, maximum) => sleep(random.between(minimum, maximum)),
      load: async (eventsPerSecond) => {
        loaded.from = Date.now()
        for (const server of servers)
          await evolution(server).load({
            instances: names,
            eventsPerSecond,
            presences: 0.1,
            seed
          })
      },
      endLoad: async () => {
        loaded.to = Date.now()
        for (const server of servers) await evolution(server).endLoad()
      },
      loaded,
      owner,
      settled,
      moved: (from, within = 30_000, server = "default") =>
        until(`another replica than ${from.name} owns ${server}`, within, async () => {
          const now = await ownerNow(server)
          return now !== from && now
        }),
      harm: async (replica, act) => {
        harms.push({ application: replica.application(), at: Date.now() })
        await act()
      },
      harms,
      gaps: () => query<Gap>(gapsQuery),
      testimony: () => hear(query),
      end: { id: Number.POSITIVE_INFINITY },
      cursor,
      roaming,
      readiness,
      leave
    }
  } catch (error) {
    const logs = replicas.map(({ name, service }) => `${name}:\n${service.output().slice(-1500)}`)
    await leave()
    throw new Error(`Cannot set up:\n${logs.join("\n")}`, { cause: error })
  }
}
