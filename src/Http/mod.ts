/** The HTTP server: pages, API, its description at `/openapi.json`, its docs at `/docs`. */
import type { RequestListener } from "node:http"
import { HttpLayerRouter } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Deferred, Duration, Effect, Exit, FiberId, Layer, Option } from "effect"
import { ApiKey } from "../Access/ApiKey.ts"
import { perSettings } from "../AppConfig/Settings.ts"
import * as AppConfig from "../AppConfig.ts"
import * as StopPlan from "../Concurrency/StopPlan.ts"
import { Health } from "../Instances/Health.ts"
import { Api } from "./Api.ts"
import { Session } from "./Auth/Session.ts"
import { Tokens } from "./Auth/Tokens.ts"
import * as Auth from "./Auth.ts"
import * as Docs from "./Docs.ts"
import * as Server from "./Edge/Server.ts"
import * as Edge from "./Edge.ts"
import { Prefix } from "./Forwarded.ts"
import { Guest } from "./Guest.ts"
import * as Handlers from "./Handlers.ts"
import { Live } from "./Live.ts"
import { Metrics } from "./Metrics.ts"
import * as Pages from "./Pages.ts"
import { unownedHeader } from "./Peers/Hop.ts"
import { Peers } from "./Peers.ts"
import { Stopping } from "./Sse.ts"

export { ApiKey } from "../Access/ApiKey.ts"
export { Session } from "./Auth/Session.ts"

/** Keys, tokens and sign-in tickets: the routes use them, and so may a program that embeds the service. */
const access = Layer.merge(Session.layer, Peers.layer).pipe(
  Layer.provideMerge(Tokens.layer),
  Layer.provideMerge(ApiKey.layer)
)

/** A new layer each time: a router takes the routes when it is built. */
const makeRoutes = () =>
  Layer.mergeAll(
    HttpLayerRouter.addHttpApi(Api).pipe(
      Layer.provide([
        Handlers.instances,
        Handlers.pairing,
        Handlers.events,
        Handlers.streamTokens,
        Handlers.live,
        Handlers.pairingPage,
        Handlers.session,
        Handlers.keys,
        Handlers.endpoints,
        Handlers.deliveries,
        Handlers.summary,
        Handlers.cluster,
        Handlers.health,
        Handlers.metrics
      ]),
      Layer.provide([Live.layer, Guest.layer, Health.layer, Metrics.layer]),
      Layer.provide(Stopping.layer),
      Layer.provide(Auth.layer)
    ),
    Docs.layer,
    Pages.make(Pages.folder)
  )

/** The routes as they are where a prefix is before their paths. */
const prefixed = (prefix: string) =>
  Layer.merge(
    Layer.succeed(Prefix, prefix),
    Layer.effect(
      HttpLayerRouter.HttpRouter,
      Effect.map(HttpLayerRouter.HttpRouter, (router) => router.prefixed(prefix))
    )
  )

/**
 * The API and the pages on a server of the program: routes of its `HttpLayerRouter`, beside its own. `prefix`
 * stands before their paths, such as `/whatsapp`; a `PUBLIC_URL` has to end with it. Serve the router with
 * `routerConfig`. What `layer` has around a request that never comes to a route is the program's affair: limits of
 * time, and answers to what is no HTTP.
 */
export const routes = (options: { readonly prefix?: `/${string}` } = {}) => {
  const ours = Layer.provide(makeRoutes(), Edge.beside)
  return perSettings(
    (options.prefix === undefined ? ours : Layer.provide(ours, prefixed(options.prefix))).pipe(
      Layer.provideMerge(access)
    )
  )
}

/**
 * Answers before the routes are there and after they are gone. The server listens first and closes last,
 * and a request without a listener would wait for ever.
 */
const unavailable: RequestListener = (_request, response) => {
  response.writeHead(503, {
    ...Server.answerHeaders,
    "content-type": "application/json",
    "retry-after": "1",
    [unownedHeader]: "1"
  })
  response.end(
    JSON.stringify({ _tag: "NotServing", message: "The service is starting or stopping" })
  )
}

/**
 * Names come as they are. To fold their case would change the length of some (`İ`), and cut the path elsewhere;
 * a name that is too long is refused by its schema, with a sentence.
 */
export const routerConfig = { caseSensitive: true, maxParamLength: 65_536 }

const settings = Effect.all([AppConfig.Http, AppConfig.basePath, AppConfig.cluster])

/** Serves the routes on `HOST` and `PORT`. Closing takes half a second at the most. */
export const layer = perSettings(
  Layer.unwrapEffect(
    Effect.map(settings, ([{ host, port }, basePath, cluster]) => {
      const node = Server.make(unavailable, basePath)
      const closed = Deferred.unsafeMake<void>(FiberId.none)
      node.once("close", () => Deferred.unsafeDone(closed, Exit.void))
      // A proxy sends a request to another replica that is refused here; an answer would go to the caller.
      const refuse = Option.match(cluster, {
        onNone: () => () => node.on("request", unavailable),
        onSome: () => () => node.close().closeIdleConnections()
      })
      const serving = Layer.scopedDiscard(
        Effect.acquireRelease(
          // There are no WebSockets here: a request for one is answered like any other.
          Effect.sync(() => node.off("request", unavailable).removeAllListeners("upgrade")),
          () =>
            Effect.map(StopPlan.left("http"), (left) => {
              refuse()
              const timer = setTimeout(() => node.closeAllConnections(), Duration.toMillis(left))
              node.once("close", () => clearTimeout(timer))
            })
        )
      )
      return serving.pipe(
        Layer.provideMerge(
          HttpLayerRouter.serve(Layer.merge(makeRoutes(), Edge.layer), {
            disableLogger: true,
            routerConfig
          })
        ),
        Layer.provide(
          // A server that was closed before has still requests under way.
          Layer.scopedDiscard(
            Effect.addFinalizer(() => Effect.unless(Deferred.await(closed), () => node.listening))
          ).pipe(Layer.provideMerge(NodeHttpServer.layer(() => node, { host, port })))
        ),
        Layer.provideMerge(access)
      )
    })
  )
)
