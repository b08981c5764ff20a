import { createServer } from "node:http"
import { HttpLayerRouter, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Layer } from "effect"
import { EvolutionListener, Http } from "../../../src/mod.ts"

const ours = HttpLayerRouter.add("GET", "/orders", HttpServerResponse.text("none"))
const theirs = Http.routes({ prefix: "/whatsapp" })

HttpLayerRouter.serve(Layer.merge(ours, theirs), { routerConfig: Http.routerConfig }).pipe(
  Layer.provide(NodeHttpServer.layer(createServer, { port: 3000 })),
  Layer.provide(EvolutionListener.layer),
  Layer.launch,
  NodeRuntime.runMain
)
