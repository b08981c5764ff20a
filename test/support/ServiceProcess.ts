/** The service as users run it: a process, controlled over HTTP and with signals. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Schedule } from "effect"
import { bundle } from "./bundle.ts"

const root = join(import.meta.dirname, "../..")
/** The API key of callers, unless the service's variables set another one. */
export const apiKey = "a-key-of-the-test"

export interface ServiceProcess {
  readonly url: string
  readonly pid: number
  /** The JSON answer to a request; a body makes it a POST unless a method says otherwise. */
  readonly call: (
    path: string,
    init?: { readonly method?: string; readonly body?: object }
  ) => Effect.Effect<Answer>
  /** Repeats a request until the answer fits; dies with the last answer after `within` ms of real time. */
  readonly until: (
    path: string,
    wanted: (body: Body) => boolean,
    within?: number
  ) => Effect.Effect<Body>
  /** Sends a signal; gives the exit code (`null` when killed) and how long it took, in ms. */
  readonly stop: (
    signal: NodeJS.Signals
  ) => Effect.Effect<{ readonly code: number | null; readonly millis: number }>
  readonly output: () => string
}

export interface Answer {
  readonly status: number
  readonly body: Body
}

/** Untyped JSON; a test reads it by path. */
export interface Body {
  readonly [key: string]: Body
  readonly [index: number]: Body
}

/** Settings by which the service reaches a simulated Evolution. */
export const at = ({ apiKey: key, url }: { readonly url: string; readonly apiKey: string }) => ({
  EVOLUTION_API_URL: url,
  EVOLUTION_API_KEY: key
})

/** The name of the listener's state in an instance's status. */
export const listener = (status: Body): string => String(status.listener?.state?._tag)

/** A directory that is removed with the scope. */
export const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "evolution-listener-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

export const freePort = Effect.promise(async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
})

/** Node's arguments for the program as its source, beside its bundle. */
export const source = ["--import", "tsx", "src/main.ts"]

/** What is started: by default the bundle, by the Node that runs the tests. */
interface Program {
  readonly program?: ReadonlyArray<string>
  readonly node?: string
}

const launch = (
  variables: Readonly<Record<string, string>>,
  args: ReadonlyArray<string> = [],
  { node = process.execPath, program = [bundle()] }: Program = {}
): { child: ChildProcess; output: () => string } => {
  const child = spawn(node, [...program, ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, API_KEY: apiKey, ...variables },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let text = ""
  const keep = (part: Buffer) => {
    text += part.toString("utf8")
  }
  child.stdout?.on("data", keep)
  child.stderr?.on("data", keep)
  return { child, output: () => text }
}

/** Starts the service and waits until it listens; killed with the scope if it still runs then. */
export const startService = (variables: Readonly<Record<string, string>>, program: Program = {}) =>
  Effect.gen(function* () {
    const port = variables.PORT ?? String(yield* freePort)
    const url = `http://127.0.0.1:${port}`
    const { child, output } = yield* Effect.acquireRelease(
      Effect.sync(() => launch({ PORT: port, ...variables }, [], program)),
      (running) => Effect.sync(() => running.child.kill("SIGKILL"))
    )
    yield* Effect.async<void>((resume) => {
      child.stdout?.on("data", () => output().includes("Listening on") && resume(Effect.void))
      child.once("exit", () => resume(Effect.die(new Error(`The service ended: ${output()}`))))
    })

    const call: ServiceProcess["call"] = (path, init = {}) =>
      Effect.promise(async () => {
        const response = await fetch(`${url}${path}`, {
          method: init.method ?? (init.body === undefined ? "GET" : "POST"),
          headers: {
            apikey: variables.API_KEY ?? apiKey,
            "content-type": "application/json",
            // The service may close an idle connection at the moment when a request goes out on it.
            connection: "close"
          },
          ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) })
        })
        const text = await response.text()
        return { status: response.status, body: text === "" ? {} : JSON.parse(text) }
      })

    const service: ServiceProcess = {
      url,
      pid: child.pid ?? 0,
      call,
      until: (path, wanted, within = 10_000) => {
        let last: Body = {}
        return Effect.map(call(path), ({ body }) => body).pipe(
          Effect.tap((body) =>
            Effect.sync(() => {
              last = body
            })
          ),
          Effect.repeat({ until: wanted, schedule: Schedule.spaced("25 millis") }),
          Effect.map(() => last),
          Effect.timeoutFail({
            duration: within,
            onTimeout: () => new Error(`Not within ${within} ms: ${JSON.stringify(last)}`)
          }),
          Effect.orDie
        )
      },
      stop: (signal) =>
        Effect.promise(async () => {
          const begin = performance.now()
          const exited = once(child, "exit")
          child.kill(signal)
          const [code] = await exited
          return { code, millis: performance.now() - begin }
        }),
      output
    }
    return service
  })

/** Runs the program until it exits by itself: a command, or settings that must not start. */
export const runToEnd = (
  variables: Readonly<Record<string, string>>,
  args: ReadonlyArray<string> = [],
  program: Program = {}
) =>
  Effect.promise(async () => {
    const { child, output } = launch(variables, args, program)
    const [code] = await once(child, "close")
    return { code: Number(code), lines: output().trim().split("\n") }
  })
