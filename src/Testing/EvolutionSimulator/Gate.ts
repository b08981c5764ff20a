/** Admission to Socket.IO: Evolution's check of the key, and a refusal in front of everything. */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import type { ServerOptions } from "socket.io"
import type { Intermediary } from "./Faults.ts"
import { clockOf, type State } from "./State.ts"

export const allowRequest =
  (state: State): NonNullable<ServerOptions["allowRequest"]> =>
  ({ headers, url }, decide) => {
    const query = new URL(url ?? "/", "http://simulator").searchParams
    const refusal = refusalOf(state, query.get("apikey") ?? headers.apikey)
    decide(refusal, refusal === null)
  }

/** The reason why Evolution refuses a socket with this key, in its own words. */
const refusalOf = (state: State, key: string | ReadonlyArray<string> | undefined) => {
  if (state.settings.isAllowedHost) return null
  if (key === undefined) return "apiKey is required"
  const known = [state.apiKey, ...[...state.instances.values()].map(({ token }) => token)]
  return known.some((one) => one === key) ? null : "Invalid global token"
}

/** Answers an upgrade like any unknown path if websockets are off, and an intermediary's answer before. */
export const shut = (state: State, http: HttpServer): void => {
  http.on("upgrade", ({ method, url }: IncomingMessage, socket: Duplex) => {
    if (state.faults.refusal !== undefined && state.faults.refusal !== "license")
      return hangUp(socket, state.faults.refusal)
    const response = { message: [`Cannot ${method} ${url}`] }
    hangUp(socket, {
      status: 404,
      body: JSON.stringify({ status: 404, error: "Not Found", response }),
      headers: { "content-type": "application/json; charset=utf-8" }
    })
  })
}

const hangUp = (socket: Duplex, { body, headers = {}, status }: Intermediary): void => {
  const lines = Object.entries({ connection: "close", ...headers }).map((pair) => pair.join(": "))
  socket.end([`HTTP/1.1 ${status} Refused`, ...lines, "", body].join("\r\n"))
}

/** Puts the intermediary before Socket.IO's handlers. A missing licence does not refuse sockets. */
export const guard = (state: State, http: HttpServer): void => {
  const [request] = http.listeners("request")
  const [upgrade] = http.listeners("upgrade")
  http.removeAllListeners("request").removeAllListeners("upgrade")
  http.on("request", (message: IncomingMessage, response: ServerResponse) => {
    const refusal = refusalOfSockets(state)
    // The socket's endpoint has Evolution's clock, too; an intermediary has its own.
    if (state.faults.refusal === undefined || state.faults.refusal === "license")
      response.setHeader("date", new Date(clockOf(state)).toUTCString())
    if (refusal === undefined || !message.url?.startsWith("/socket.io/"))
      return request?.call(http, message, response)
    const { body, headers, status } = refusal
    response.writeHead(status, { connection: "close", ...headers }).end(body)
  })
  http.on("upgrade", (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refusalOfSockets(state)
    if (refusal === undefined) return upgrade?.call(http, message, socket, head)
    hangUp(socket, refusal)
  })
}

const refusalOfSockets = ({ faults: { refusal } }: State): Intermediary | undefined =>
  refusal === "license" || refusal?.sparesSockets === true ? undefined : refusal
