/** A scenario's world: Evolution, the network, the service and its database, all real processes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeRandom, type Random } from "../../src/Testing/Random.ts"
import { type EvolutionProcess, startEvolution } from "../support/EvolutionProcess.ts"
import { type PostgresCluster, startCluster } from "../support/PostgresCluster.ts"
import { startProxy, type TcpProxy } from "../support/TcpProxy.ts"
import { type Sampler, startSampler } from "./Sampler.ts"
import type { Check, Scenario, Setup } from "./Scenario.ts"
import { type Gap, makeService, type Service, type Status } from "./Service.ts"
import { sleep, until } from "./until.ts"

export interface World {
  readonly setup: Setup
  readonly random: Random
  readonly names: ReadonlyArray<string>
  readonly evolution: EvolutionProcess
  readonly proxy: TcpProxy
  readonly service: Service
  readonly sampler: Sampler
  readonly cluster: PostgresCluster
  readonly query: <Row extends object>(
    text: string,
    values?: ReadonlyArray<unknown>
  ) => Promise<ReadonlyArray<Row>>
  /** Checks of the scenario itself. */
  readonly checks: Array<Check>
  readonly expect: (title: string, isOk: boolean, figure?: string) => void
  /** Stretches in which no event came through, so that a status "listening" is wrong. */
  readonly cuts: Array<{ readonly from: number; readonly to: number }>
  /** Marks a stretch in which no event comes through, from its beginning to its end. */
  readonly cut: (during: () => Promise<void>) => Promise<void>
  /** Waits a random time. */
  readonly pause: (minimum: number, maximum: number) => Promise<void>
  readonly load: (eventsPerSecond: number, people?: number) => Promise<void>
  readonly statuses: () => Promise<ReadonlyArray<Status>>
  readonly gaps: () => Promise<ReadonlyArray<Gap>>
  /** Waits until every listener is in its desired state; gives the seconds it took. */
  readonly all: (
    what: string,
    isSo: (status: Status) => boolean,
    within?: number
  ) => Promise<number>
  readonly allListening: (within?: number) => Promise<number>
  /** Sets the clock of the service and of Evolution. */
  readonly setClock: (shiftMillis: number) => Promise<void>
  readonly leave: () => Promise<void>
}

/** Removes the world of a suite that ends early. */
const directories = new Set<string>()
const remove = (directory: string): void => {
  rmSync(directory, { recursive: true, force: true })
  directories.delete(directory)
}
process.on("exit", () => directories.forEach(remove))

const clock = join(import.meta.dirname, "clock.mjs")

export const enter = async (
  { name, setup = {} }: Scenario,
  seed: number,
  shared: PostgresCluster
): Promise<World> => {
  const random = makeRandom(seed, name)
  const leaving: Array<() => unknown> = []
  const leave = async () => {
    for (const one of leaving.splice(0).reverse()) await one()
  }
  let log = () => ""
  try {
    const directory = mkdtempSync(join(tmpdir(), "evolution-listener-chaos-"))
    directories.add(directory)
    leaving.push(() => remove(directory))
    const clockFile = join(directory, "clock")
    const { aheadMillis = 0 } = setup
    const nodeArguments = setup.ownClock === true ? ["--import", clock] : []
    const variables = { CHAOS_CLOCK: clockFile }

    const cluster = setup.ownPostgres === true ? await startCluster() : shared
    if (cluster !== shared) leaving.push(cluster.remove)
    const databaseUrl = await cluster.create(name)

    const evolution = await startEvolution({
      settings: { pingInterval: 1000, pingTimeout: 2000, seed, ...setup.evolution },
      nodeArguments,
      variables
    })
    leaving.push(evolution.kill)
    const proxy = await startProxy({ port: Number(new URL(evolution.url).port) })
    leaving.push(proxy.close)

    const names = Array.from({ length: setup.instances ?? 5 }, (_, index) => `loja-${index + 1}`)
    await evolution.add(names, { ownerJid: "5511999990001@s.whatsapp.net", state: "open" })
    // Evolution creates a namespace with its first event.
    if (setup.isUnprepared !== true)
      for (const one of names) await evolution.emit(one, "presence.update", {})

    const service = await makeService(
      {
        EVOLUTION_API_URL: `http://127.0.0.1:${proxy.port}`,
        EVOLUTION_API_KEY: evolution.apiKey,
        EVOLUTION_MODE: setup.mode ?? "global",
        DATABASE_URL: databaseUrl,
        DATA_DIR: directory,
        ...variables,
        ...(aheadMillis === 0 ? {} : { CHAOS_CLOCK_AHEAD: String(aheadMillis) }),
        ...setup.variables
      },
      aheadMillis === 0 ? nodeArguments : ["--import", clock]
    )
    log = service.output
    leaving.push(() => {
      service.signal("SIGKILL")
      return service.end()
    })
    await service.start()
    for (let index = 0; index < names.length; index += 20)
      await Promise.all(
        names.slice(index, index + 20).map((one) => service.post(`/instances/${one}/start`))
      )
    const sampler = startSampler(service)
    leaving.push(sampler.stop)

    const statuses = () => service.get<ReadonlyArray<Status>>("/instances")
    const all: World["all"] = async (what, isSo, within = 30_000) => {
      const begin = performance.now()
      await until(what, within, async () => {
        const now = await statuses()
        return now.length === names.length && now.every(isSo)
      })
      return (performance.now() - begin) / 1000
    }
    const allListening = (within?: number) =>
      all("all are Listening", ({ listener }) => listener.state._tag === "Listening", within)
    if (setup.isUnprepared !== true) await allListening(60_000)

    const checks: Array<Check> = []
    const cuts: Array<{ readonly from: number; readonly to: number }> = []
    return {
      setup,
      random,
      names,
      evolution,
      proxy,
      service,
      sampler,
      cluster,
      query: (text, values) => cluster.query(databaseUrl, text, values),
      checks,
      expect: (title, isOk, figure = "") => checks.push({ title, isOk, figure, details: [] }),
      cuts,
      cut: async (during) => {
        const from = Date.now()
        await during()
        cuts.push({ from, to: Date.now() })
      },
      pause: (minimum, maximum) => sleep(random.between(minimum, maximum)),
      load: (eventsPerSecond, people) =>
        evolution.load({
          instances: names,
          eventsPerSecond,
          seed,
          ...(people === undefined ? {} : { people })
        }),
      statuses,
      gaps: () => cluster.query<Gap>(databaseUrl, gapsQuery, [aheadMillis]),
      all,
      allListening,
      setClock: async (shift) => {
        writeFileSync(clockFile, String(shift))
        for (const pid of [service.pid(), evolution.pid]) {
          process.kill(pid, "SIGUSR2")
          await until(
            "the clock is set",
            5000,
            async () => readFileSync(`${clockFile}.${pid}`, "utf8") === String(shift)
          )
        }
      },
      leave
    }
  } catch (error) {
    await leave()
    throw new Error(`Cannot set up:\n${log().slice(-2000)}`, { cause: error })
  }
}

/** Times by the suite's clock, in the form of the service's answers. */
const gapsQuery = `
  select instance, cause, recovered, fetched, note, reason, retry_at is not null as retries,
    to_char(("from" - ahead) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "from",
    to_char(("to" - ahead) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "to"
  from gaps, make_interval(secs => $1::float8 / 1000) as ahead order by "from"`
