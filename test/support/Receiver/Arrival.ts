/** A message as it arrived: a line of a file that survives the receiver. */
import { closeSync, openSync, readSync } from "node:fs"
import { StringDecoder } from "node:string_decoder"

export interface Arrival {
  /** The receiver's clock, ms since 1970 UTC. */
  readonly at: number
  readonly path: string
  /** `webhook-id`. */
  readonly id: string
  /** `missed`: events were purged; `other`: a test by hand, or no message of ours. */
  readonly kind: "event" | "missed" | "other"
  readonly server: string
  readonly instance: string
  /** Of an event its cursor; of `missed` the last one. */
  readonly cursor: number
  /** Of an event the one before it in its lane; of `missed` the cursor after which events were purged; `null`: not told. */
  readonly previous: number | null
  /** The manner in which it was answered, by its tag. */
  readonly manner: string
  /** 0: it was not answered, or too late. */
  readonly status: number
  /** `null`: the receiver knows no secret of this path. */
  readonly isSigned: boolean | null
  readonly isReplay: boolean
  /** Absent unless the receiver keeps them. */
  readonly headers?: Readonly<Record<string, string>>
}

export const toLine = (one: Arrival): string =>
  `${[
    one.at,
    one.path,
    one.id,
    one.kind,
    one.server,
    encodeURIComponent(one.instance),
    one.cursor,
    one.previous ?? "",
    one.manner,
    one.status,
    one.isSigned === null ? "" : Number(one.isSigned),
    Number(one.isReplay),
    one.headers === undefined ? "" : JSON.stringify(one.headers)
  ].join("\t")}\n`

const kindOf = (text: string): Arrival["kind"] =>
  text === "event" || text === "missed" ? text : "other"

export const fromLine = (line: string): Arrival => {
  const [at, path = "", id = "", kind = "", server = "", instance = "", ...rest] = line.split("\t")
  const [cursor, previous, manner = "", status, isSigned, isReplay, headers = ""] = rest
  return {
    at: Number(at),
    path,
    id,
    kind: kindOf(kind),
    server,
    instance: decodeURIComponent(instance),
    cursor: Number(cursor),
    previous: previous === "" ? null : Number(previous),
    manner,
    status: Number(status),
    isSigned: isSigned === "" ? null : isSigned === "1",
    isReplay: isReplay === "1",
    ...(headers === "" ? {} : { headers: JSON.parse(headers) })
  }
}

interface Read {
  readonly server: string
  readonly instance: string
  readonly kind: Arrival["kind"]
  readonly cursor: number
  readonly previous: number | null
}

const unreadable: Read = { server: "", instance: "", kind: "other", cursor: 0, previous: null }

/** What a body of the shapes `full` and `thin` says about its place in the log. */
export const readBody = (body: string): Read => {
  let parsed: { type?: unknown; data?: Record<string, unknown> }
  try {
    parsed = JSON.parse(body)
  } catch {
    return unreadable
  }
  const { data, type } = parsed
  if (typeof data !== "object" || data === null) return unreadable
  const number = (value: unknown) => (typeof value === "number" ? value : null)
  const place = { server: String(data.server ?? ""), instance: String(data.instance ?? "") }
  if (type === "endpoint.missed")
    return { ...place, kind: "missed", cursor: number(data.to) ?? 0, previous: number(data.from) }
  const cursor = number(data.id)
  if (cursor === null) return unreadable
  return { ...place, kind: "event", cursor, previous: number(data.previous) }
}

/** Reads a file that grows; each call gives the lines that are new. */
export const followArrivals = (file: string): (() => Generator<Arrival>) => {
  const chunk = Buffer.alloc(1024 * 1024)
  const decoder = new StringDecoder("utf8")
  let offset = 0
  let rest = ""
  return function* () {
    const descriptor = openSync(file, "r")
    try {
      while (true) {
        const length = readSync(descriptor, chunk, 0, chunk.length, offset)
        if (length === 0) return
        offset += length
        const lines = (rest + decoder.write(chunk.subarray(0, length))).split("\n")
        rest = lines.pop() ?? ""
        for (const line of lines) yield fromLine(line)
      }
    } finally {
      closeSync(descriptor)
    }
  }
}
