/** A receiver of webhooks as a process, which can be killed and started again at the same address. */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Arrival, followArrivals } from "./Receiver/Arrival.ts"
import type { Behaviour } from "./Receiver/Behaviour.ts"
import type { Order, Orders } from "./Receiver/Server.ts"

export type { Arrival } from "./Receiver/Arrival.ts"
export * as Behaviours from "./Receiver/Behaviour.ts"
export { type Judge, laneOf, makeJudge, type Sent, type Verdict } from "./Receiver/Judge.ts"

export interface Receiver {
  /** Without a path. */
  readonly url: string
  readonly pid: () => number
  /** The requests that arrived since the last call, also at processes that were killed. */
  readonly arrivals: () => Generator<Arrival>
  /** Answers requests to a path in this manner from now on. */
  readonly behave: (path: string, behaviour: Behaviour) => Promise<void>
  /** Checks the signatures of requests to a path. */
  readonly check: (path: string, secret: string) => Promise<void>
  /** `SIGSTOP`, `SIGCONT`. */
  readonly signal: (signal: NodeJS.Signals) => void
  readonly kill: () => Promise<void>
  /** Ends it in good order: what it has is answered. */
  readonly stop: () => Promise<void>
  /** Starts it again, with all that it was told. */
  readonly start: () => Promise<void>
  /** Kills it, and removes its file. */
  readonly remove: () => Promise<void>
}

export interface ReceiverOptions {
  readonly seed?: number
  readonly keepsHeaders?: boolean
}

const program = join(import.meta.dirname, "Receiver/main.ts")

type Reply = { readonly port: number } | { readonly number: number }

export const startReceiver = async ({
  keepsHeaders = false,
  seed = 1
}: ReceiverOptions = {}): Promise<Receiver> => {
  const directory = mkdtempSync(join(tmpdir(), "evolution-listener-receiver-"))
  const file = join(directory, "arrivals")
  writeFileSync(file, "")
  const follow = followArrivals(file)
  let orders: Orders = { file, port: 0, seed, keepsHeaders, behaviours: {}, secrets: {} }
  let child: ChildProcess | undefined
  let numbers = 0
  const waiting = new Map<number, () => void>()

  const cleanUp = () => {
    child?.kill("SIGKILL")
    rmSync(directory, { recursive: true, force: true })
  }
  process.on("exit", cleanUp)

  const isUp = () => child !== undefined && child.exitCode === null && child.signalCode === null

  const start = async () => {
    const begun = fork(program, [JSON.stringify(orders)], { execArgv: ["--import", "tsx"] })
    child = begun
    const port = await new Promise<number>((resolve, reject) => {
      begun.on("message", (reply: Reply) => {
        if ("port" in reply) return resolve(reply.port)
        waiting.get(reply.number)?.()
        waiting.delete(reply.number)
      })
      begun.once("exit", (code) => {
        reject(new Error(`The receiver ended (${code})`))
        // What it was told is said again at the next start.
        for (const settle of waiting.values()) settle()
        waiting.clear()
      })
    })
    // Another choice of random numbers for each process, and the same address.
    orders = { ...orders, port, seed: orders.seed + 1 }
  }

  const tell = (order: Order): Promise<void> =>
    new Promise((resolve) => {
      if (!isUp()) return resolve()
      const number = ++numbers
      waiting.set(number, resolve)
      child?.send({ number, order })
    })

  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined || !isUp()) return
    const exited = once(child, "exit")
    child.kill(signal)
    await exited
  }
  const kill = () => end("SIGKILL")

  await start()
  return {
    url: `http://127.0.0.1:${orders.port}`,
    pid: () => child?.pid ?? 0,
    arrivals: follow,
    behave: (path, behaviour) => {
      orders = { ...orders, behaviours: { ...orders.behaviours, [path]: behaviour } }
      return tell({ path, behaviour })
    },
    check: (path, secret) => {
      orders = { ...orders, secrets: { ...orders.secrets, [path]: secret } }
      return tell({ path, secret })
    },
    signal: (signal) => void child?.kill(signal),
    kill,
    stop: () => end("SIGTERM"),
    start,
    remove: async () => {
      await kill()
      process.off("exit", cleanUp)
      cleanUp()
    }
  }
}
