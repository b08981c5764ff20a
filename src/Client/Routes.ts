/** The calls with their methods and paths. The compiler and a test compare them with the API's shape. */
import type { HttpApi, HttpApiEndpoint, HttpApiGroup } from "@effect/platform"
import type { Api } from "../Http/Api.ts"

type GroupsOf<A> =
  A extends HttpApi.HttpApi<infer _Id, infer Groups, infer _E, infer _R> ? Groups : never

/** The groups that answer once, and do not stream. */
export type Groups = Exclude<
  GroupsOf<typeof Api>,
  { readonly identifier: "live" } | { readonly identifier: "pairingPage" }
>
export type GroupName = HttpApiGroup.HttpApiGroup.Name<Groups>

type EndpointsOf<Group> =
  Group extends HttpApiGroup.HttpApiGroup<infer _Id, infer Endpoints, infer _E, infer _R, infer _T>
    ? Endpoints
    : never
export type EndpointOf<Name extends GroupName> = EndpointsOf<
  HttpApiGroup.HttpApiGroup.WithName<Groups, Name>
>
export type CallName<Name extends GroupName> = HttpApiEndpoint.HttpApiEndpoint.Name<
  EndpointOf<Name>
>

/** `body`: fields that are not in the path go into a body of JSON, also when there are none. */
export type Route = readonly [
  method: "DELETE" | "GET" | "PATCH" | "POST",
  path: string,
  body?: "body"
]

export const routes: {
  readonly [Name in GroupName]: { readonly [Call in CallName<Name>]: Route }
} = {
  instances: {
    create: ["POST", "/instances", "body"],
    list: ["GET", "/instances"],
    get: ["GET", "/instances/:name"],
    remove: ["DELETE", "/instances/:name"],
    start: ["POST", "/instances/:name/start"],
    stop: ["POST", "/instances/:name/stop"],
    restart: ["POST", "/instances/:name/restart"],
    status: ["GET", "/instances/:name/status"],
    gaps: ["GET", "/instances/:name/gaps"],
    retryGap: ["POST", "/instances/:name/gaps/:id/retry"],
    import: ["POST", "/instances/:name/import", "body"],
    timeline: ["GET", "/instances/:name/timeline"]
  },
  pairing: {
    qrcode: ["GET", "/instances/:name/qrcode"],
    request: ["POST", "/instances/:name/qrcode"],
    pair: ["POST", "/instances/:name/pair", "body"],
    link: ["POST", "/instances/:name/pairing-links", "body"]
  },
  events: { read: ["GET", "/events"] },
  streamTokens: { make: ["POST", "/stream-tokens", "body"] },
  session: { open: ["POST", "/session", "body"] },
  keys: {
    self: ["GET", "/keys/self"],
    list: ["GET", "/keys"],
    make: ["POST", "/keys", "body"],
    revoke: ["DELETE", "/keys/:id"],
    audit: ["GET", "/audit"]
  },
  endpoints: {
    create: ["POST", "/endpoints", "body"],
    list: ["GET", "/endpoints"],
    get: ["GET", "/endpoints/:id"],
    update: ["PATCH", "/endpoints/:id", "body"],
    remove: ["DELETE", "/endpoints/:id"],
    pause: ["POST", "/endpoints/:id/pause"],
    resume: ["POST", "/endpoints/:id/resume", "body"],
    rotate: ["POST", "/endpoints/:id/rotate", "body"],
    test: ["POST", "/endpoints/:id/test"],
    deliver: ["POST", "/endpoints/:id/deliver", "body"]
  },
  deliveries: {
    lanes: ["GET", "/endpoints/:id/lanes"],
    attempts: ["GET", "/endpoints/:id/attempts"],
    undelivered: ["GET", "/endpoints/:id/undelivered"],
    retry: ["POST", "/endpoints/:id/undelivered/retry", "body"],
    forgetAll: ["DELETE", "/endpoints/:id/undelivered"],
    forget: ["DELETE", "/endpoints/:id/undelivered/:event"],
    replay: ["POST", "/endpoints/:id/replay", "body"],
    replays: ["GET", "/endpoints/:id/replays"],
    cancel: ["DELETE", "/endpoints/:id/replays/:replay"]
  },
  summary: { summary: ["GET", "/summary"] },
  cluster: {
    state: ["GET", "/cluster"],
    handOver: ["POST", "/cluster/servers/:id/handover"]
  },
  health: { live: ["GET", "/health/live"], ready: ["GET", "/health/ready"] },
  metrics: { metrics: ["GET", "/metrics"] }
}
