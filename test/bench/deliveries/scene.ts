/** Ways from Evolution to receivers: this service with endpoints, and a rival that forwards each event by itself. */

import { freePort } from "../../support/PostgresCluster.ts"
import type { Checkout } from "../Checkout.ts"
import { manyInstances } from "../contenders.ts"
import { type Memory, memoryOf } from "../Inspector.ts"
import { startProgram } from "../Program.ts"
import type { Forwarder } from "../programs/forwarder.ts"
import type { Receiver } from "../programs/receiver.ts"
import { startService } from "../Service.ts"
import { sleep, until } from "../time.ts"
import type { Stage } from "../turns.ts"
import { type EvolutionProgram, listenTo, withDatabase, withEvolution } from "../world.ts"

type ReceiverProgram = Awaited<ReturnType<typeof startProgram<Receiver>>>

export interface Scene {
  readonly evolution: EvolutionProgram
  readonly receiver: ReceiverProgram
  /** Suspended by turns. */
  readonly service: Pick<Stage, "signal"> & { readonly pid: number }
  readonly backends: () => Promise<ReadonlyArray<number>>
  /** Deletes what is stored, so that earlier events do not slow the next measurement down. */
  readonly empty: () => Promise<void>
  /** Events that have come so far. */
  readonly taken: () => Promise<number>
  /** Events that wait for a receiver. */
  readonly waiting: () => Promise<number>
  /** After garbage collection. */
  readonly memory: () => Promise<Memory>
  /** Messages that come from now on go to these receivers alone, by number. */
  readonly aim: (at: ReadonlyArray<number>) => Promise<void>
}

export const pathOf = (index: number): string => `/hook-${index}`

export const range = (count: number, from = 0): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, index) => from + index)

const inspecting = (port: number): string => `--inspect=127.0.0.1:${port}`

/** What both send, each in its own envelope. */
const events = ["messages.upsert"]

const withReceiver = async <A>(use: (receiver: ReceiverProgram) => Promise<A>): Promise<A> => {
  const receiver = await startProgram<Receiver>("receiver")
  try {
    return await use(receiver)
  } finally {
    await receiver.end()
  }
}

/** A request whose answer is not read before the service stands still is late when it goes on, and comes again. */
const settleMillis = 300

/** Waits until as many messages as were sent came to every path. */
export const allArrived = async (
  receiver: ReceiverProgram,
  paths: ReadonlyArray<string>,
  sent: number
): Promise<void> => {
  await until(
    `${sent} messages arrived everywhere`,
    async () => (await receiver.ask("counts", paths)).every((count) => count >= sent),
    { within: 30_000 }
  )
  await sleep(settleMillis)
}

interface Options {
  /** Receivers, each with an endpoint. */
  readonly receivers: number
}

/** This service, with all endpoints paused. */
export const withUs = <A>(
  { databases, directory }: Checkout,
  { receivers }: Options,
  use: (scene: Scene) => Promise<A>
): Promise<A> =>
  withDatabase(databases, 0, (database) =>
    withEvolution((evolution) =>
      withReceiver(async (receiver) => {
        const inspector = await freePort()
        const service = await startService({
          directory,
          nodeArguments: [inspecting(inspector)],
          databaseUrl: database.url,
          evolutionUrl: await evolution.ask("url"),
          variables: { DELIVERY_ALLOW: "loopback" }
        })
        const made = async (index: number): Promise<string> => {
          const url = `${await receiver.ask("url")}${pathOf(index)}`
          const target = { type: "webhook", url }
          const found = await service.post("/endpoints", { name: `hook ${index}`, events, target })
          return String(Reflect.get(Object(found), "id"))
        }
        try {
          await listenTo(evolution, service, manyInstances)
          const ids: Array<string> = []
          for (const index of range(receivers)) {
            const id = await made(index)
            await service.post(`/endpoints/${id}/pause`)
            ids.push(id)
          }
          let active: ReadonlySet<number> = new Set()
          const aim = async (at: ReadonlyArray<number>): Promise<void> => {
            const wanted = new Set(at)
            for (const index of active)
              if (!wanted.has(index)) await service.post(`/endpoints/${ids[index]}/pause`)
            for (const index of wanted)
              if (!active.has(index))
                await service.post(`/endpoints/${ids[index]}/resume`, { from: "now" })
            active = wanted
          }
          return await use({
            evolution,
            receiver,
            service,
            aim,
            backends: database.backends,
            empty: database.empty,
            taken: database.newest,
            // Each goes to one receiver.
            waiting: async () => {
              const [row] = await database.query<{ stored: string; delivered: string }>(
                `select (select count(*) from events where event = any($1)) as stored,
                   (select coalesce(sum(delivered), 0) from endpoint_cursors) as delivered`,
                [events]
              )
              return Number(row?.stored) - Number(row?.delivered)
            },
            memory: () => memoryOf(service.pid, inspector)
          })
        } finally {
          await service.end()
        }
      })
    )
  )

/** The rival. */
export const withForwarder = <A>(use: (scene: Scene) => Promise<A>): Promise<A> =>
  withEvolution((evolution) =>
    withReceiver(async (receiver) => {
      const variables = { EVOLUTION_URL: await evolution.ask("url") }
      const inspector = await freePort()
      const nodeArguments = [inspecting(inspector)]
      const service = await startProgram<Forwarder>("forwarder", { variables, nodeArguments })
      try {
        await until("it is connected", async () => (await evolution.ask("joined")) === 1)
        const url = await receiver.ask("url")
        return await use({
          evolution,
          receiver,
          service,
          backends: async () => [],
          empty: async () => undefined,
          taken: () => service.ask("taken"),
          waiting: () => service.ask("waiting"),
          memory: () => memoryOf(service.pid, inspector),
          aim: (at) =>
            service.ask(
              "aim",
              at.map((index) => `${url}${pathOf(index)}`)
            )
        })
      } finally {
        await service.end()
      }
    })
  )
