import {
  HttpApi,
  HttpApiBuilder,
  HttpApiEndpoint,
  HttpApiGroup,
  HttpLayerRouter,
  HttpServer
} from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema } from "effect"
import * as Settings from "../../src/AppConfig/Settings.ts"
import * as Http from "../../src/Http/mod.ts"
import { house, key } from "./Service.ts"

/** The program's own API. */
const Own = HttpApi.make("own").add(
  HttpApiGroup.make("orders").add(
    HttpApiEndpoint.get("order", "/orders/:id")
      .setPath(Schema.Struct({ id: Schema.String }))
      .addSuccess(Schema.Struct({ id: Schema.String }))
  )
)
const ownRoutes = HttpLayerRouter.addHttpApi(Own).pipe(
  Layer.provide(
    HttpApiBuilder.group(Own, "orders", (handlers) =>
      handlers.handle("order", ({ path: { id } }) => Effect.succeed({ id }))
    )
  )
)

const settings = Settings.layer({
  evolution: { url: "http://localhost:8080", apiKey: Redacted.make("evolution-key-9") },
  http: { apiKey: Redacted.make(key) }
})

/** A server of the program with our routes in it. */
const served = (options: Parameters<typeof Http.routes>[0]) =>
  Effect.gen(function* () {
    const context = yield* Layer.build(
      HttpLayerRouter.serve(Layer.merge(ownRoutes, Http.routes(options)), {
        disableLogger: true,
        disableListenLog: true,
        routerConfig: Http.routerConfig
      }).pipe(
        Layer.provideMerge(NodeHttpServer.layerTest),
        Layer.provide(
          house({ all: Effect.succeed([]), status: () => Effect.succeed(undefined as never) })
        ),
        Layer.provide(settings)
      )
    )
    const address = yield* Effect.map(HttpServer.HttpServer, (server) => server.address).pipe(
      Effect.provide(context)
    )
    const port = address._tag === "TcpAddress" ? address.port : 0
    const ask = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
      Effect.promise(async () => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, {
          ...init,
          headers: { ...(init.body && { "content-type": "application/json" }), ...headers }
        })
        return { status: response.status, headers: response.headers, text: await response.text() }
      })
    return { ask, context }
  })

describe("the routes on a server of the program", () => {
  it.scopedLive.each([[undefined, ""] as const, ["/whatsapp", "/whatsapp"] as const])(
    "answer beside the program's own: prefix %s",
    ([prefix, before]) =>
      Effect.gen(function* () {
        const { ask } = yield* served(prefix === undefined ? {} : { prefix })
        const own = yield* ask("/orders/7")
        expect([own.status, own.text]).toEqual([200, '{"id":"7"}'])
        expect(own.headers.get("cache-control")).toBe(null)
        const list = yield* ask(`${before}/instances`, { apikey: key })
        expect([list.status, list.text]).toEqual([200, "[]"])
        expect(list.headers.get("cache-control")).toBe("no-store")
        expect((yield* ask(`${before}/instances`)).status).toBe(401)
        const page = yield* ask(before || "/")
        expect(page.text).toContain(before === "" ? 'src="./pages/' : 'src="/whatsapp/pages/')
        expect((yield* ask(`${before}/pages/home.js`)).status).toBe(200)
        expect((yield* ask(`${before}/openapi.json`)).status).toBe(200)
        if (before !== "") expect((yield* ask("/instances", { apikey: key })).status).toBe(404)
      })
  )

  it.scopedLive("take the program's ticket of a sign-in link", () =>
    Effect.gen(function* () {
      const { ask, context } = yield* served({ prefix: "/whatsapp" })
      const ticket = yield* Effect.provide(
        Effect.flatMap(Http.Session, (session) => session.ticket),
        context
      )
      const body = JSON.stringify({ ticket: Redacted.value(ticket) })
      const opened = yield* ask("/whatsapp/session", {}, { method: "POST", body })
      expect([opened.status, opened.text]).toEqual([201, expect.stringContaining('"token"')])
    })
  )

  it.scopedLive("give pairing links with the prefix", () =>
    Effect.gen(function* () {
      const { ask } = yield* served({ prefix: "/whatsapp" })
      const made = yield* ask(
        "/whatsapp/instances/shop-1/pairing-links",
        { apikey: key },
        { method: "POST", body: "{}" }
      )
      expect(made.text).toContain("/whatsapp/pair#")
    })
  )
})
