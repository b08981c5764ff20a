/** Folders outside the repository that have the packed library, and programs that run there. */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import { inject } from "vitest"

declare module "vitest" {
  export interface ProvidedContext {
    readonly home: string
    /** What TypeScript says in the folders with hosts. */
    readonly compiled: {
      readonly newest: string
      readonly oldest: string
      /** By a TypeScript that is older than the declarations of Effect. */
      readonly skipping: string
    }
  }
}

/** A host with the newest of everything: the examples, and the README's program. */
export const newest = () => join(inject("home"), "newest")
/** A host with the oldest peers, and the oldest TypeScript that takes their declarations. */
export const oldest = () => join(inject("home"), "oldest")
/** The command without peers. */
export const command = () => join(inject("home"), "command")
/** Programs to check with: other versions of Node, linters of packages. */
export const tools = () => join(inject("home"), "tools")
export const tarball = () => join(inject("home"), "evolution-listener.tgz")

export const node = (version: string) => join(tools(), `node_modules/node${version}/bin/node`)

export interface Running {
  readonly output: () => string
  /** Completes when the output has the text; dies when the program ends without. */
  readonly said: (text: string) => Effect.Effect<void>
  readonly kill: (signal: NodeJS.Signals) => Effect.Effect<number | null>
}

/** Starts a program; it is killed with the scope. */
export const start = (
  directory: string,
  args: ReadonlyArray<string>,
  variables: Readonly<Record<string, string>>,
  program: string = process.execPath
): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn(program, args, {
        cwd: directory,
        env: { PATH: process.env.PATH, ...variables },
        stdio: ["ignore", "pipe", "pipe"]
      })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  ).pipe(
    Effect.map((child) => {
      let text = ""
      const listeners = new Set<() => void>()
      const keep = (part: Buffer) => {
        text += part.toString("utf8")
        for (const look of listeners) look()
      }
      child.stdout.on("data", keep)
      child.stderr.on("data", keep)
      const ended = new Promise<number | null>((resolve) => {
        child.once("exit", resolve)
        child.once("error", (error) => {
          text += error.message
          resolve(null)
        })
      })
      return {
        output: () => text,
        said: (wanted) =>
          Effect.async<void>((resume) => {
            const look = () => {
              if (text.includes(wanted)) resume(Effect.void)
            }
            listeners.add(look)
            look()
            void ended.then(() => resume(Effect.die(new Error(`The program ended: ${text}`))))
            return Effect.sync(() => listeners.delete(look))
          }),
        kill: (signal) =>
          Effect.promise(() => {
            child.kill(signal)
            return ended
          })
      }
    })
  )
