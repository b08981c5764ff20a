/** Evolution's REST, as far as the service asks a server on which all goes well. */
import type { IncomingMessage, ServerResponse } from "node:http"

const bodies: Readonly<Record<string, (name: string) => unknown>> = {
  "/instance/connectionState": (name) => ({ instance: { instanceName: name, state: "open" } }),
  "/instance/fetchInstances": () => [],
  // Every event, so that no subscription seems to have shrunk.
  "/websocket/find": () => ({ enabled: true, events: subscribed }),
  "/websocket/set": () => ({ enabled: true, events: subscribed }),
  "/chat/findMessages": () => ({ messages: { total: 0, pages: 0, currentPage: 1, records: [] } })
}
let subscribed: ReadonlyArray<string> = []

export const subscribe = (events: ReadonlyArray<string>): void => {
  subscribed = events
}

/** Answers; `false` when it is a path that is not known here. */
export const answer = (request: IncomingMessage, response: ServerResponse): void => {
  request.resume()
  const [, area, action, name = ""] = (request.url ?? "/").split("?")[0]?.split("/") ?? []
  const body = bodies[`/${area}/${action}`]
  response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" })
  response.end(JSON.stringify(body?.(name) ?? { status: 404, error: "Not Found" }))
}
