/** A `fetch` that leads to a service whose every word a test decides. */

export interface Connection {
  readonly url: URL
  readonly headers: Headers
  /** The reader has hung up. */
  readonly isClosed: () => boolean
  readonly send: (text: string) => void
  readonly end: () => void
  /** The connection is lost. */
  readonly lose: () => void
}

export interface Service {
  readonly fetch: typeof globalThis.fetch
  readonly connections: ReadonlyArray<Connection>
}

/** Answers each connection; without an answer, it waits for ever. */
export const serviceOf = (
  answer: (connection: Connection, nth: number) => Response | undefined
): Service => {
  const connections: Array<Connection> = []
  const fetch: typeof globalThis.fetch = (input, { headers, signal } = {}) =>
    new Promise((resolve, reject) => {
      let stream: ReadableStreamDefaultController<Uint8Array> | undefined
      let isClosed = signal?.aborted === true
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          stream = controller
        },
        cancel: () => {
          isClosed = true
        }
      })
      const quietly = (act: () => void) => () => {
        if (!isClosed) act()
        isClosed = true
      }
      const lose = quietly(() => stream?.error(new TypeError("terminated")))
      signal?.addEventListener("abort", () => {
        isClosed = true
        reject(signal.reason)
        stream?.error(signal.reason)
      })
      const connection: Connection = {
        url: new URL(String(input)),
        headers: new Headers(headers),
        isClosed: () => isClosed,
        send: (text) => {
          if (!isClosed) stream?.enqueue(new TextEncoder().encode(text))
        },
        end: quietly(() => stream?.close()),
        lose
      }
      const nth = connections.push(connection)
      const response = answer(connection, nth)
      if (response === undefined) return
      if (response !== streaming) return resolve(response)
      const type = { "content-type": "text/event-stream" }
      resolve(new Response(body, { headers: type }))
    })
  return { fetch, connections }
}

/** The answer of a service that streams. */
export const streaming = new Response(null)

export const refusing = (
  status: number,
  body: object | string,
  headers: Record<string, string> = {}
) => new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers })

export const frame = (event: string, id: number, data: object): string =>
  `id: ${id}\n${event === "" ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`

export const hello = (cursor: number, recovered = true): string =>
  frame("hello", cursor, { recovered, cursor })

export const eventsOf = (...ids: ReadonlyArray<number>): string =>
  ids
    .map((id) =>
      frame("", id, {
        id,
        instance: "shop",
        event: "messages.upsert",
        data: { text: `${id}: é😀` },
        extra: null,
        upstreamTime: null,
        upstreamAt: null,
        receivedAt: "2026-01-01T00:00:00.000Z",
        origin: "live"
      })
    )
    .join("")

export const heartbeat = ": heartbeat\n"
