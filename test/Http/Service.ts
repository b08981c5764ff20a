/** The HTTP service under test, and every word it says. */
import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FetchHttpClient, HttpApiClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { Effect, Layer, Logger, LogLevel, Schema, Stream } from "effect"
import { Audit } from "../../src/Access/Audit.ts"
import { KeyStore } from "../../src/Access/KeyStore.ts"
import { Tickets } from "../../src/Access/Tickets.ts"
import { WrongKeys } from "../../src/Access/WrongKeys.ts"
import type { Ownership } from "../../src/Cluster/Ownership.ts"
import type { Endpoints } from "../../src/Delivery/Endpoints.ts"
import type { Replays } from "../../src/Delivery/Replays.ts"
import type { Sinks } from "../../src/Delivery/Sinks.ts"
import type { Standing } from "../../src/Delivery/Standing.ts"
import type { Traffic } from "../../src/Delivery/Traffic.ts"
import { Api } from "../../src/Http/Api.ts"
import * as Http from "../../src/Http/mod.ts"
import { Instances } from "../../src/Instances/Instances.ts"
import { Pairing } from "../../src/Instances/Pairing.ts"
import { Servers } from "../../src/Instances/Servers.ts"
import { Summary } from "../../src/Instances/Summary.ts"
import { ListenerRegistry } from "../../src/Listening/ListenerRegistry.ts"
import { EventBus } from "../../src/Log/EventBus.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import type { Ingest } from "../../src/Log/Ingest.ts"
import { alone, clocksOf, ingestOf, instancesOf, noEndpoints, proofOf } from "../support/doubles.ts"
import { settings } from "../support/settings.ts"

export const key = "key-of-the-test"

export const temporaryDirectory = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "http-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

/** The domain as a test needs it; anything else in it is a defect when called. */
export const house = (
  instances: Partial<Instances["Type"]> = {},
  store: Partial<EventStore["Type"]> = {},
  ingest: Partial<Ingest["Type"]> = {},
  pairing: Partial<Pairing["Type"]> = {},
  summary: Partial<Summary["Type"]> = {}
) =>
  Layer.provideMerge(
    Servers.layer,
    Layer.mergeAll(
      Layer.mock(Instances, instances),
      instancesOf(),
      Layer.mock(EventStore, store),
      clocksOf(),
      proofOf(),
      Layer.mock(Summary, summary),
      ingestOf(ingest),
      silence,
      alone,
      noEndpoints,
      Layer.mock(Audit, { record: () => (command) => command }),
      Layer.mock(KeyStore, { find: () => Effect.succeedNone }),
      access,
      Layer.mock(Pairing, pairing)
    )
  )

/** A bus on which nothing happens. */
export const silentBus = (more: Partial<EventBus["Type"]> = {}) =>
  Layer.mock(EventBus, {
    newest: Effect.succeed(0),
    recent: () => [],
    isLate: () => false,
    watch: () => Effect.void,
    isReached: () => Effect.succeed(false),
    isOurs: () => true,
    learnPurged: Effect.void,
    purgedUntil: () => 0,
    announcePurged: () => {},
    foldPurged: () => {},
    ...more
  })

const silence = Layer.merge(silentBus(), Layer.mock(ListenerRegistry, { changes: Stream.never }))

const access = Layer.merge(Tickets.layerAlone, WrongKeys.layerAlone)

/** What the routes ask. */
type Domain =
  | Audit
  | Endpoints
  | EventBus
  | EventStore
  | Ingest
  | Instances
  | KeyStore
  | ListenerRegistry
  | Ownership
  | Pairing
  | Replays
  | Servers
  | Sinks
  | Standing
  | Tickets
  | Traffic
  | WrongKeys

/** A port that nobody listens at, as it was free a moment ago. */
export const freePort = Effect.async<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

export interface Answer {
  readonly status: number
  readonly type: string | null
  readonly text: string
  /** The body as JSON; `undefined` when it is none. */
  readonly json: unknown
}

/** Serves until the scope closes. */
export const serve = <A, E>(
  domain: Layer.Layer<A | Domain, E>,
  variables: Readonly<Record<string, string>> = { API_KEY: key }
) =>
  Effect.gen(function* () {
    const port = yield* freePort
    const context = yield* Layer.build(
      Http.layer.pipe(
        Layer.provideMerge(domain),
        Layer.provide(settings({ PORT: String(port), ...variables })),
        Layer.provide(Logger.minimumLogLevel(LogLevel.None))
      )
    )
    const url = `http://127.0.0.1:${port}`
    const said: Array<string> = []

    const listening: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      said.push(JSON.stringify([...response.headers]), await response.clone().text())
      return response
    }
    const call = (method: string, path: string, init: RequestInit = {}) =>
      Effect.promise(async (): Promise<Answer> => {
        const headers = { apikey: key, ...init.headers }
        const response = await listening(`${url}${path}`, { ...init, method, headers })
        const text = await response.text()
        const type = response.headers.get("content-type")
        const json = type?.startsWith("application/json") && text ? JSON.parse(text) : undefined
        return { status: response.status, type, text, json }
      })
    const client = HttpApiClient.make(Api, {
      baseUrl: url,
      transformClient: HttpClient.mapRequest(HttpClientRequest.setHeader("apikey", key))
    }).pipe(
      Effect.provide(FetchHttpClient.layer),
      Effect.provideService(FetchHttpClient.Fetch, listening)
    )
    return {
      call,
      client: yield* client,
      context,
      port,
      post: (path: string, body: string) =>
        call("POST", path, { body, headers: { "content-type": "application/json" } }),
      said,
      url
    }
  })

interface Operation {
  readonly method: string
  readonly path: string
}

const OpenApiDocument = Schema.Struct({
  paths: Schema.Record({ key: Schema.String, value: Schema.Object })
})

/** Every operation of an OpenAPI document, with something in the place of each parameter. */
export const operationsOf = (document: unknown): ReadonlyArray<Operation> =>
  Object.entries(Schema.decodeUnknownSync(OpenApiDocument)(document).paths).flatMap(
    ([path, methods]) =>
      Object.keys(methods).map((method) => ({
        method: method.toUpperCase(),
        path: path.replaceAll(/\{\w+\}/g, "shop")
      }))
  )
