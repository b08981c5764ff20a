/** The service's bundle as a process: starts it, calls it, ends it. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort } from "../support/PostgresCluster.ts"
import { adopt, killed, logFile } from "./Program.ts"
import { root } from "./paths.ts"
import { sleep } from "./time.ts"

export interface Service {
  readonly pid: number
  readonly port: number
  /** ms from the start until /health/ready answers 200. */
  readonly readyAfter: number
  /** The cursor of the newest event that is committed. */
  readonly newest: () => Promise<number>
  /** Starts listeners of new instances, which have no gap to back-fill. */
  readonly listen: (names: ReadonlyArray<string>) => Promise<void>
  /** Number of listeners in the state Listening. */
  readonly listening: () => Promise<number>
  /** Gives the answer, and fails with one that is not 2xx. */
  readonly post: (path: string, body?: object) => Promise<unknown>
  readonly signal: (name: NodeJS.Signals) => void
  /** Sends SIGTERM and waits for the exit. */
  readonly stop: () => Promise<void>
  readonly end: () => Promise<void>
}

export interface ServiceOptions {
  readonly evolutionUrl: string
  /** The checkout whose program runs; without one, this checkout. */
  readonly directory?: string
  /** The program's file in the checkout; without one, `dist/main.js`. */
  readonly program?: string
  /** Without one, the embedded database in a new directory. */
  readonly databaseUrl?: string | undefined
  readonly mode?: "global" | "namespace"
  /** Node's own arguments. */
  readonly nodeArguments?: ReadonlyArray<string>
  /** Environment variables beside the required ones. */
  readonly variables?: Readonly<Record<string, string>>
}

export const apiKey = "a-key-of-the-bench"

const dataDirectories = new Set<string>()
process.on("exit", () => {
  for (const directory of dataDirectories) rmSync(directory, { recursive: true, force: true })
})

export const startService = async ({
  databaseUrl,
  directory = root,
  evolutionUrl,
  mode = "global",
  nodeArguments = [],
  program = "dist/main.js",
  variables = {}
}: ServiceOptions): Promise<Service> => {
  const port = await freePort()
  const dataDirectory = mkdtempSync(join(tmpdir(), "evolution-listener-bench-"))
  dataDirectories.add(dataDirectory)
  const log = openSync(logFile, "a")
  const began = performance.now()
  const child = spawn(process.execPath, [...nodeArguments, program], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      API_KEY: apiKey,
      PORT: String(port),
      EVOLUTION_API_URL: evolutionUrl,
      EVOLUTION_API_KEY: "any",
      EVOLUTION_MODE: mode,
      DATA_DIR: dataDirectory,
      AUTO_START: "off",
      ...variables,
      ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl })
    },
    stdio: ["ignore", log, log]
  })
  closeSync(log)
  adopt(child)
  let isOver = false
  child.once("exit", () => {
    isOver = true
    rmSync(dataDirectory, { recursive: true, force: true })
    dataDirectories.delete(dataDirectory)
  })

  const call = (path: string, method = "GET", body?: object) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { apikey: apiKey, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) })
    })
  const post = async (path: string, body?: object): Promise<unknown> => {
    const response = await call(path, "POST", body)
    if (!response.ok)
      throw new Error(`${path} answers ${response.status}: ${await response.text()}`)
    return response.json()
  }
  /** Reads the metrics, as a list of ten thousand statuses would dominate the measurement. */
  const listening = async (): Promise<number> => {
    const response = await call("/metrics")
    if (!response.ok) throw new Error(`The metrics answer ${response.status}`)
    const listeners = /^evolution_listener_listeners\{state="listening"\} (\d+)$/m
    return Number(listeners.exec(await response.text())?.[1])
  }

  const isReady = () =>
    call("/health/ready").then(
      ({ ok }) => ok,
      () => false
    )
  while (!(await isReady())) {
    if (isOver) throw new Error(`The service ended, see ${logFile}`)
    await sleep(5)
  }

  return {
    pid: child.pid ?? 0,
    port,
    readyAfter: performance.now() - began,
    newest: async () => {
      const { body } = await call("/events/stream?event=none")
      const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
      const { value = "" } = (await reader?.read()) ?? {}
      await reader?.cancel()
      const [, cursor] = /"cursor":(\d+)/.exec(value) ?? []
      return Number(cursor)
    },
    listen: async (names) => {
      for (const name of names) {
        const { status } = await call(`/instances/${name}/start`, "POST")
        if (status !== 202) throw new Error(`Starting a listener answers ${status}`)
      }
    },
    listening,
    post,
    signal: (name) => void child.kill(name),
    stop: async () => {
      const exited = once(child, "exit")
      child.kill("SIGTERM")
      await exited
    },
    end: () => killed(child)
  }
}
