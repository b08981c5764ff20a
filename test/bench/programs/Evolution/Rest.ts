/** The part of Evolution's REST API that the service calls when nothing fails. */
import type { IncomingMessage, ServerResponse } from "node:http"

const bodies: Readonly<Record<string, (name: string) => unknown>> = {
  "/instance/connectionState": (name) => ({ instance: { instanceName: name, state: "open" } }),
  "/instance/fetchInstances": () => [],
  // All events, so that the service finds no event missing from the subscription.
  "/websocket/find": () => ({ enabled: true, events: subscribed }),
  "/websocket/set": () => ({ enabled: true, events: subscribed }),
  "/chat/findMessages": () => ({ messages: { total: 0, pages: 0, currentPage: 1, records: [] } })
}
let subscribed: ReadonlyArray<string> = []

export const subscribe = (events: ReadonlyArray<string>): void => {
  subscribed = events
}

/** Answers a request; 404 for an unknown path. */
export const answer = (request: IncomingMessage, response: ServerResponse): void => {
  request.resume()
  const [, area, action, name = ""] = (request.url ?? "/").split("?")[0]?.split("/") ?? []
  const body = bodies[`/${area}/${action}`]
  response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" })
  response.end(JSON.stringify(body?.(name) ?? { status: 404, error: "Not Found" }))
}
