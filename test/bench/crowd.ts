/** Ten thousand instances: the memory of an idle one, and the time until all are back after a restart. */
import { freePort } from "../support/PostgresCluster.ts"
import type { Checkout } from "./Checkout.ts"
import type { Database } from "./Databases.ts"
import { type Memory, memoryOf } from "./Inspector.ts"
import { startProgram } from "./Program.ts"
import type { Idle } from "./programs/idle.ts"
import { type Service, startService } from "./Service.ts"
import { sleep, until } from "./time.ts"
import type { EvolutionProgram } from "./world.ts"
import { nothingFetched, settled, withDatabase, withEvolution } from "./world.ts"

/** Bytes per listener. */
export interface Footprint {
  readonly resident: number
  readonly heap: number
}

export interface ReturnResult {
  readonly count: number
  /** Seconds until all listen again, from the start of our process. */
  readonly afterOurRestart: number
  readonly afterUpstreamRestart: number
  readonly dials: number
  readonly dialsAtOnce: number
}

const difference = (more: Memory, less: Memory, count: number): Footprint => ({
  resident: (more.resident - less.resident) / count,
  heap: (more.heap - less.heap) / count
})

type Mode = "global" | "namespace"

const inspected = async <A>(
  start: (nodeArguments: ReadonlyArray<string>) => Promise<A & { readonly pid: number }>
) => {
  const port = await freePort()
  const program = await start([`--inspect=127.0.0.1:${port}`])
  return { program, memory: () => memoryOf(program.pid, port) }
}

const allListen = async (service: Service, count: number): Promise<void> => {
  await until("all listen", async () => (await service.listening()) === count, {
    every: 100,
    within: 240_000
  })
}

/** A service whose listeners are all idle. */
export interface Scene {
  readonly evolution: EvolutionProgram
  readonly service: Service
  readonly database: Database
}

export interface CrowdResult {
  /** Memory of an idle listener: the difference between a service with many and one with a single one. */
  readonly footprint: Footprint
  readonly back: ReturnResult
}

const awayMillis = 2000

/**
 * Measures the time to return after our restart, the memory at rest, and the time to return after
 * Evolution's restart; `meanwhile` runs between the two restarts.
 */
export const measureCrowd = <A>(
  { databases, directory }: Checkout,
  mode: Mode,
  count: number,
  meanwhile: (scene: Scene) => Promise<A>
): Promise<readonly [CrowdResult, A]> =>
  withEvolution(async (evolution) => {
    const evolutionUrl = await evolution.ask("url")
    const start = (database: Database) =>
      inspected((nodeArguments) =>
        startService({
          directory,
          databaseUrl: database.url,
          evolutionUrl,
          mode,
          nodeArguments,
          variables: nothingFetched
        })
      )
    const alone = await withDatabase(databases, 1, async (database) => {
      const { memory, program } = await start(database)
      try {
        await settled(database, 1)
        return await memory()
      } finally {
        await program.stop()
      }
    })
    const links = mode === "global" ? 1 : count
    /** Counts links at Evolution first, as counting ten thousand listeners costs the service time. */
    const allAreBack = async (service: Service): Promise<void> => {
      await until("all are connected", async () => (await evolution.ask("joined")) === links, {
        every: 50,
        within: 240_000
      })
      await allListen(service, count)
    }
    return withDatabase(databases, count, async (database) => {
      await evolution.ask("facts")
      const began = performance.now()
      const { memory, program } = await start(database)
      try {
        await allAreBack(program)
        const afterOurRestart = (performance.now() - began) / 1000
        const { dialsAtOnce } = await evolution.ask("facts")

        await settled(database, count)
        const footprint = difference(await memory(), alone, count)
        const found = await meanwhile({ evolution, service: program, database })

        await evolution.ask("facts")
        await evolution.ask("leave", awayMillis)
        const returned = performance.now()
        await allAreBack(program)
        const afterUpstreamRestart = (performance.now() - returned) / 1000
        const facts = await evolution.ask("facts")
        const back = {
          count,
          afterOurRestart,
          afterUpstreamRestart,
          dials: facts.dials,
          dialsAtOnce: Math.max(dialsAtOnce, facts.dialsAtOnce)
        }
        return [{ footprint, back }, found] as const
      } finally {
        await program.end()
      }
    })
  })

/** Memory of an idle listener of `socket.io-client`. */
export const measureRival = (isShared: boolean, count: number): Promise<Footprint> =>
  withEvolution(async (evolution) => {
    const variables = { EVOLUTION_URL: await evolution.ask("url") }
    const { memory, program } = await inspected((nodeArguments) =>
      startProgram<Idle>("idle", { variables, nodeArguments })
    )
    await program.ask("open", 1, isShared)
    const alone = await memory()
    await program.ask("open", count, isShared)
    await sleep(500)
    const crowded = await memory()
    await program.end()
    return difference(crowded, alone, count)
  })
