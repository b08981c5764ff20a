/** The simulated Evolution as a process, which can be suspended, killed, and kept busy. */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import type { Settings } from "../../src/Testing/mod.ts"
import type { Commands, Reply } from "./EvolutionProcess/Commands.ts"

export type { Load, Named, Sent } from "./EvolutionProcess/Commands.ts"

/** Every command, answered by the process. */
type Remote = {
  readonly [K in keyof Commands]: (
    ...args: Parameters<Commands[K]>
  ) => Promise<Awaited<ReturnType<Commands[K]>>>
}

export interface EvolutionProcess extends Remote {
  readonly url: string
  readonly apiKey: string
  readonly pid: number
  /** `SIGSTOP` suspends it with its connections; it answers no command until `SIGCONT`. */
  readonly signal: (signal: NodeJS.Signals) => void
  readonly kill: () => Promise<void>
}

export interface EvolutionProcessOptions {
  readonly settings?: Partial<Settings>
  /** Node's own arguments, such as `--import`. */
  readonly nodeArguments?: ReadonlyArray<string>
  /** Environment variables beside the inherited ones. */
  readonly variables?: Readonly<Record<string, string>>
}

const program = join(import.meta.dirname, "EvolutionProcess/main.ts")

export const startEvolution = async ({
  nodeArguments = [],
  settings = {},
  variables = {}
}: EvolutionProcessOptions = {}): Promise<EvolutionProcess> => {
  const child = fork(program, [JSON.stringify(settings)], {
    execArgv: ["--import", "tsx", ...nodeArguments],
    env: { ...process.env, ...variables },
    serialization: "advanced"
  })
  const pending = new Map<number, (reply: Reply) => void>()
  let numbers = 0

  const { apiKey, url } = await new Promise<{ url: string; apiKey: string }>((resolve, reject) => {
    child.on("message", (reply: Reply) => {
      if ("url" in reply) return resolve(reply)
      pending.get(reply.number)?.(reply)
      pending.delete(reply.number)
    })
    child.once("exit", (code) => {
      const error = `The simulated Evolution ended (${code})`
      reject(new Error(error))
      for (const [number, settle] of pending) settle({ number, error })
      pending.clear()
    })
  })

  const remote =
    <K extends keyof Commands>(command: K) =>
    (...args: Parameters<Commands[K]>) =>
      new Promise<Awaited<ReturnType<Commands[K]>>>((resolve, reject) => {
        const number = ++numbers
        pending.set(number, (reply) => {
          if ("error" in reply) reject(new Error(reply.error))
          // The reply has the type of the command in `Commands`.
          else if ("value" in reply) resolve(reply.value as Awaited<ReturnType<Commands[K]>>)
        })
        child.send({ number, command, args }, (error) => error !== null && reject(error))
      })

  return {
    url,
    apiKey,
    pid: child.pid ?? 0,
    signal: (signal) => void child.kill(signal),
    kill: () => killed(child),
    add: remote("add"),
    emit: remote("emit"),
    repeat: remote("repeat"),
    history: remote("history"),
    load: remote("load"),
    endLoad: remote("endLoad"),
    message: remote("message"),
    media: remote("media"),
    stored: remote("stored"),
    sent: remote("sent"),
    broadcast: remote("broadcast"),
    deafen: remote("deafen"),
    drop: remote("drop"),
    fallSilent: remote("fallSilent"),
    garble: remote("garble"),
    refuse: remote("refuse"),
    stop: remote("stop"),
    start: remote("start"),
    connections: remote("connections")
  }
}

const killed = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, "exit")
  child.kill("SIGKILL")
  await exited
}
