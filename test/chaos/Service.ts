/** The service's bundle as a process that can be hurt and started again with the same address and settings. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "../support/PostgresCluster.ts"

const root = join(import.meta.dirname, "../..")
export const apiKey = "a-key-of-the-suite"

/** The part of a status that the suite reads. */
export interface Status {
  readonly name: string
  readonly userAction: string
  readonly listener: { readonly state: ListenerState }
  readonly whatsapp: { readonly state: string } | null
  readonly gaps: { readonly open: Gap | null; readonly unrecovered: number }
  readonly degraded: { readonly reason: string } | null
}

export interface ListenerState {
  readonly _tag: string
  readonly error?: { readonly _tag: string } | null
}

export interface Gap {
  readonly instance: string
  readonly from: string
  readonly to: string | null
  readonly cause: string
  readonly recovered: boolean | null
  readonly fetched: number
  readonly note: string | null
  readonly reason: string | null
  /** Back-fill tries again. */
  readonly retries: boolean
}

export interface IdStream {
  readonly until: (id: number) => Promise<ReadonlyArray<number>>
}

/** Settings and arguments of Node that change, from a start on. */
export interface Change {
  readonly variables?: Readonly<Record<string, string>>
  readonly nodeArguments?: ReadonlyArray<string>
}

export interface Service {
  readonly url: string
  /** Starts it and waits until it serves. */
  readonly start: (change?: Change) => Promise<void>
  readonly signal: (name: NodeJS.Signals) => void
  /** Waits for an exit that the scenario wants. */
  readonly end: () => Promise<{ readonly code: number | null; readonly millis: number }>
  /** The JSON answer to a request without a body. */
  readonly get: <A>(path: string) => Promise<A>
  readonly post: (path: string) => Promise<number>
  readonly delete: (path: string) => Promise<number>
  /** The HTTP status of a GET. */
  readonly ask: (path: string) => Promise<number>
  /** Begins to read the event stream; gives its last frame when it ends. */
  readonly stream: () => Promise<{ readonly last: Promise<string> }>
  /** Reads the event stream from a cursor on, into memory only the ids; gives them up to one of them. */
  readonly idsFrom: (cursor: number) => IdStream
  /** Resident memory, in MiB. */
  readonly rss: () => number
  readonly pid: () => number
  readonly output: () => string
  /** The exit that no scenario wanted. */
  readonly unmeant: () => ReadonlyArray<string>
}

/** Services to kill when the suite ends early. */
const running = new Set<ChildProcess>()
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL")
})

export const makeService = async (
  initialVariables: Readonly<Record<string, string>>,
  initialNodeArguments: ReadonlyArray<string>
): Promise<Service> => {
  const port = await freePort()
  const unmeant: Array<string> = []
  let child: ChildProcess | undefined
  let isMeantToRun = false
  let output = ""
  let [variables, nodeArguments] = [initialVariables, initialNodeArguments]

  const keep = (part: Buffer) => {
    output += part.toString("utf8")
  }

  const start: Service["start"] = async (change = {}) => {
    variables = { ...variables, ...change.variables }
    nodeArguments = [...nodeArguments, ...(change.nodeArguments ?? [])]
    const before = output.length
    const begun = spawn(process.execPath, [...nodeArguments, "dist/main.js"], {
      cwd: root,
      env: { PATH: process.env.PATH, API_KEY: apiKey, PORT: String(port), ...variables },
      stdio: ["ignore", "pipe", "pipe"]
    })
    child = begun
    running.add(begun)
    begun.once("exit", () => running.delete(begun))
    isMeantToRun = true
    begun.stderr.on("data", keep)
    await new Promise<void>((resolve, reject) => {
      begun.stdout.on("data", (part: Buffer) => {
        keep(part)
        if (output.includes("Listening on", before)) resolve()
      })
      begun.once("exit", (code, signal) => {
        if (!isMeantToRun) return
        unmeant.push(`ended by itself: ${signal ?? code}`)
        reject(new Error(`The service ended: ${output.slice(before)}`))
      })
    })
  }

  const call = (path: string, method = "GET") =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { apikey: apiKey },
      signal: AbortSignal.timeout(10_000)
    })

  return {
    url: `http://127.0.0.1:${port}`,
    start,
    signal: (name) => {
      isMeantToRun = false
      child?.kill(name)
    },
    end: async () => {
      const begin = performance.now()
      if (child === undefined || child.exitCode !== null || child.signalCode !== null)
        return { code: child?.exitCode ?? null, millis: 0 }
      const [code] = await once(child, "exit")
      return { code, millis: performance.now() - begin }
    },
    get: async (path) => {
      const response = await call(path)
      const text = await response.text()
      if (!response.ok) throw new Error(`${path} answers ${response.status}: ${text}`)
      return JSON.parse(text)
    },
    delete: async (path) => (await call(path, "DELETE")).status,
    post: async (path) => (await call(path, "POST")).status,
    ask: async (path) => (await call(path)).status,
    stream: async () => {
      const response = await fetch(`http://127.0.0.1:${port}/events/stream`, {
        headers: { apikey: apiKey }
      })
      const read = async () => {
        let last = ""
        const parts = response.body?.pipeThrough(new TextDecoderStream()) ?? []
        for await (const part of parts) last = (last + part).slice(-500)
        return last
      }
      return { last: read() }
    },
    idsFrom: (cursor) =>
      idsOf(`http://127.0.0.1:${port}/events/stream?notes=false`, {
        apikey: apiKey,
        "last-event-id": String(cursor)
      }),
    rss: () => {
      const [, kib] =
        /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child?.pid}/status`, "utf8")) ?? []
      return Number(kib) / 1024
    },
    pid: () => child?.pid ?? 0,
    output: () => output,
    unmeant: () => unmeant
  }
}

/** An id stands at the beginning of a line, before the long one. */
const idsOf = (url: string, headers: Readonly<Record<string, string>>): IdStream => {
  const ids: Array<number> = []
  const waiting = new Set<() => void>()
  const abort = new AbortController()
  const read = async () => {
    const response = await fetch(url, { headers, signal: abort.signal })
    let rest = ""
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const lines = `${rest}${text}`.split("\n")
      rest = (lines.pop() ?? "").slice(0, 20)
      for (const line of lines) if (line.startsWith("id: ")) ids.push(Number(line.slice(4)))
      for (const look of waiting) look()
    }
    throw new Error(`The stream ended after event ${ids.at(-1)}`)
  }
  const reading = read()
  return {
    until: async (id) => {
      const reached = new Promise<void>((resolve) => {
        const look = () => (ids.at(-1) ?? 0) >= id && resolve()
        waiting.add(look)
        look()
      })
      try {
        await Promise.race([reached, reading])
        return [...ids]
      } finally {
        abort.abort()
      }
    }
  }
}
