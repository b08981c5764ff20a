/** The parent's handle of a program of the bench: forks it, sends it commands and signals, ends it. */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { closeSync, openSync } from "node:fs"
import { join } from "node:path"
import { root } from "./paths.ts"
import type { Reply } from "./programs/serve.ts"

/** Commands of a program, by name. */
export type Commands = Readonly<Record<string, (...args: never) => unknown>>

export interface Program<C> {
  readonly pid: number
  readonly ask: <K extends keyof C & string>(
    command: K,
    ...args: C[K] extends (...args: infer A) => unknown ? A : never
  ) => Promise<C[K] extends (...args: never) => infer R ? Awaited<R> : never>
  /** `SIGSTOP` makes it stand still, `SIGCONT` go on. */
  readonly signal: (name: NodeJS.Signals) => void
  /** Kills it. */
  readonly end: () => Promise<void>
}

export interface ProgramOptions {
  readonly variables?: Readonly<Record<string, string>>
  /** Node's own arguments. */
  readonly nodeArguments?: ReadonlyArray<string>
}

/** Programs to kill when the bench ends early. */
const running = new Set<ChildProcess>()
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL")
})

export const adopt = (child: ChildProcess): void => {
  running.add(child)
  child.once("exit", () => running.delete(child))
}

/** Output of all programs: a file, so that no program waits for a reader of its pipe. */
export const logFile = join(root, "dist/bench/programs.log")

/** Starts `dist/bench/<name>.js`; resolves when the program reports that it is ready. */
export const startProgram = async <C extends Commands>(
  name: string,
  { nodeArguments = [], variables = {} }: ProgramOptions = {}
): Promise<Program<C>> => {
  const log = openSync(logFile, "a")
  const child = fork(join(root, "dist/bench", `${name}.js`), [], {
    execArgv: [...nodeArguments],
    env: { PATH: process.env.PATH, ...variables },
    stdio: ["ignore", log, log, "ipc"]
  })
  closeSync(log)
  adopt(child)
  const pending = new Map<number, (reply: Reply) => void>()
  let numbers = 0

  await new Promise<void>((resolve, reject) => {
    child.on("message", (reply: Reply) => {
      if (reply.number === 0) return resolve()
      pending.get(reply.number)?.(reply)
      pending.delete(reply.number)
    })
    child.once("exit", (code, signal) => {
      const error = `The program "${name}" ended (${signal ?? code}), see ${logFile}`
      reject(new Error(error))
      for (const [number, settle] of pending) settle({ number, error })
      pending.clear()
    })
  })

  return {
    pid: child.pid ?? 0,
    ask: (command, ...args) =>
      new Promise((resolve, reject) => {
        const number = ++numbers
        pending.set(number, (reply) => {
          if ("error" in reply) reject(new Error(reply.error))
          // The reply has the type of the command that the program ran.
          else resolve(reply.value as Parameters<typeof resolve>[0])
        })
        child.send({ number, command, args }, (error) => error !== null && reject(error))
      }),
    signal: (signal) => void child.kill(signal),
    end: () => killed(child)
  }
}

export const killed = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, "exit")
  child.kill("SIGKILL")
  await exited
}
