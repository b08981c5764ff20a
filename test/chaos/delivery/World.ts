/** The world of deliveries: Evolution, a Postgres, one or more processes of the service, and a receiver. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeRandom, type Random } from "../../../src/Testing/Random.ts"
import { type EvolutionProcess, startEvolution } from "../../support/EvolutionProcess.ts"
import { type PostgresCluster, startCluster } from "../../support/PostgresCluster.ts"
import { type Arrival, type Judge, makeJudge, startReceiver } from "../../support/Receiver.ts"
import type { Check } from "../Scenario.ts"
import { makeService, type Service, type Status } from "../Service.ts"
import type { Setting } from "../suite.ts"
import { sleep, until } from "../until.ts"
import { type Brokers, startBrokers } from "./Brokers.ts"
import * as Endpoints from "./Endpoints.ts"
import { type Member, makeMember } from "./Member.ts"
import type { Scenario, Setup } from "./Scenario.ts"

export interface World {
  readonly setup: Setup
  readonly random: Random
  readonly names: ReadonlyArray<string>
  readonly evolution: EvolutionProcess
  readonly postgres: PostgresCluster
  readonly query: <Row extends object>(
    text: string,
    values?: ReadonlyArray<unknown>
  ) => Promise<ReadonlyArray<Row>>
  readonly members: ReadonlyArray<Member>
  readonly service: Service
  readonly receiver: Awaited<ReturnType<typeof startReceiver>>
  readonly brokers: Brokers | undefined
  readonly endpoints: ReadonlyArray<Endpoints.Endpoint>
  readonly endpoint: (path: string) => Endpoints.Endpoint
  /** Has seen all that arrived, after a call of `watch`. */
  readonly judge: Judge
  /** Reads what arrived since the last time. */
  readonly watch: () => void
  /** The first arrivals that were taken, if the scenario is timed. */
  readonly taken: ReadonlyArray<Arrival>
  readonly checks: Array<Check>
  readonly expect: (title: string, isOk: boolean, figure?: string) => void
  readonly pause: (minimum: number, maximum: number) => Promise<void>
  readonly load: (eventsPerSecond: number) => Promise<void>
  /** Kills something in whose hands each lane may have one event: so each lane may repeat one. */
  readonly harm: (act: () => Promise<unknown>) => Promise<void>
  /** The number of kills; of several replicas also that of times at which the server changed hands. */
  readonly harms: () => Promise<number>
  /** The process that owns the server; waits until there is one. */
  readonly owner: () => Promise<Member>
  readonly allListening: () => Promise<unknown>
  readonly look: (path: string) => Promise<Endpoints.Seen>
  /** Events that an endpoint has to get. */
  readonly due: (path: string) => Promise<number>
  readonly leave: () => Promise<void>
}

/** Of other names, too. */
const wide = ["messages.upsert", "presence.update"]

export const five: ReadonlyArray<Endpoints.Wanted> = [
  { path: "/well-1" },
  { path: "/well-2" },
  { path: "/well-3", settings: { shape: "thin" } },
  { path: "/well-4", events: wide },
  { path: "/well-5", settings: { concurrency: 4 } }
]

export const rowsQuery = `
  select id::float8, server, instance, event,
    (extract(epoch from received_at) * 1000)::float8 as at
  from events where id > $1 order by events.id`

export const enter = async (
  { name, setup = {} }: Scenario,
  { lanes, seed, shared }: Setting
): Promise<World> => {
  const random = makeRandom(seed, name)
  const leaving: Array<() => unknown> = []
  const leave = async () => {
    for (const one of leaving.splice(0).reverse()) await one()
  }
  const members: Array<Member> = []
  try {
    const directory = mkdtempSync(join(tmpdir(), "evolution-listener-delivery-"))
    leaving.push(() => rmSync(directory, { recursive: true, force: true }))
    const postgres = setup.ownPostgres === true ? await startCluster() : shared
    if (postgres !== shared) leaving.push(postgres.remove)
    const databaseUrl = await postgres.create(`delivery-${name}`)
    const query: World["query"] = (text, values) => postgres.query(databaseUrl, text, values)
    const brokers = setup.hasBrokers === true ? await startBrokers() : undefined
    if (brokers !== undefined) leaving.push(brokers.close)

    const names = Array.from({ length: setup.instances ?? 20 }, (_, nth) => `loja-${nth + 1}`)
    const evolution = await startEvolution({
      settings: { pingInterval: 1000, pingTimeout: 2000, seed }
    })
    leaving.push(evolution.kill)
    await evolution.add(names, { ownerJid: "5511999990001@s.whatsapp.net", state: "open" })
    for (const one of names) await evolution.emit(one, "presence.update", {})
    const receiver = await startReceiver({ seed })
    leaving.push(receiver.remove)

    const count = setup.replicas ?? 1
    for (let nth = 1; nth <= count; nth++) {
      const variables = {
        EVOLUTION_API_URL: evolution.url,
        EVOLUTION_API_KEY: evolution.apiKey,
        EVOLUTION_MODE: "global",
        DATABASE_URL: databaseUrl,
        DATA_DIR: join(directory, String(nth)),
        DELIVERY_ALLOW: "loopback",
        ENCRYPTION_KEY: "a-key-of-the-suite-with-32-letters",
        ...(count > 1 ? { CLUSTER: "true", HOST: "127.0.0.1" } : {}),
        ...brokers?.variables,
        ...setup.variables
      }
      const member = makeMember(`r${nth}`, await makeService(variables, []))
      members.push(member)
      leaving.push(member.kill)
      await member.start()
    }
    const [first] = members
    if (first === undefined) throw new Error("No process")

    const ownerNow = async (): Promise<Member | undefined> => {
      if (count === 1) return first
      const [row] = await query<{ url: string }>(
        "select rtrim(address, '/') as url from servers join replicas on replicas.id = owner"
      )
      return members.find(({ isUp, service }) => service.url === row?.url && isUp())
    }
    const owner = () => until("the server has an owner", 30_000, ownerNow)
    const allListening = () =>
      until("all are Listening", 60_000, async () => {
        const { service } = await owner()
        const all = await service.get<ReadonlyArray<Status>>("/instances")
        return (
          all.length === names.length &&
          all.every(({ listener }) => listener.state._tag === "Listening")
        )
      })
    const { service } = await owner()
    for (let nth = 0; nth < names.length; nth += 20)
      await Promise.all(
        names.slice(nth, nth + 20).map((one) => service.post(`/instances/${one}/start`))
      )
    await allListening()

    const endpoints: Array<Endpoints.Endpoint> = []
    for (const wanted of setup.endpoints ?? five) {
      const created = await Endpoints.create(first.service.url, receiver.url, wanted)
      const [row] = await query<{ after: number }>(
        "select starts_after::float8 as after from endpoints where id = $1",
        [created.id]
      )
      if (created.secret !== undefined) await receiver.check(wanted.path, created.secret)
      endpoints.push({ ...wanted, ...created, startsAfter: row?.after ?? 0 })
    }
    const endpoint = (path: string): Endpoints.Endpoint => {
      const found = endpoints.find((one) => one.path === path)
      if (found === undefined) throw new Error(`No endpoint ${path}`)
      return found
    }

    const judge = makeJudge()
    const taken: Array<Arrival> = []
    const checks: Array<Check> = []
    let harms = 0
    const epoch = async () => {
      const [row] = await query<{ epoch: number }>("select max(epoch)::int as epoch from servers")
      return row?.epoch ?? 0
    }
    const firstEpoch = await epoch()
    return {
      setup,
      random,
      names,
      evolution,
      postgres,
      query,
      members,
      service: first.service,
      receiver,
      brokers,
      endpoints,
      endpoint,
      judge,
      watch: () => {
        for (const one of receiver.arrivals()) {
          judge.see(one)
          if (setup.isTimed === true && one.kind === "event" && one.status === 200) taken.push(one)
        }
      },
      taken,
      checks,
      expect: (title, isOk, figure = "") => checks.push({ title, isOk, figure, details: [] }),
      pause: (minimum, maximum) => sleep(random.between(minimum, maximum)),
      load: (eventsPerSecond) =>
        evolution.load({
          instances: names,
          // Scenarios that run side by side share the machine.
          eventsPerSecond: eventsPerSecond / lanes,
          presences: 0.1,
          seed
        }),
      harm: async (act) => {
        harms++
        await act()
      },
      // An heir that waited for 1.5 s takes the server, also from an owner that is about to give it.
      harms: async () => (count === 1 ? harms : Math.max(harms, (await epoch()) - firstEpoch)),
      owner,
      allListening,
      look: (path) => Endpoints.look(first.service.url, endpoint(path)),
      due: async (path) => {
        const { events = ["messages.upsert"], startsAfter } = endpoint(path)
        const [row] = await query<{ count: number }>(
          "select count(*)::int from events where id > $1 and event = any($2)",
          [startsAfter, events]
        )
        return row?.count ?? 0
      },
      leave
    }
  } catch (error) {
    const logs = members.map(({ name, service }) => `${name}:\n${service.output().slice(-1500)}`)
    await leave()
    throw new Error(`Cannot set up:\n${logs.join("\n")}`, { cause: error })
  }
}
