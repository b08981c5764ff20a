import { NodeRuntime } from "@effect/platform-node"
import { Layer } from "effect"
import { EvolutionListener, Http, Startup } from "../../../src/mod.ts"

Startup.launch(Http.layer.pipe(Layer.provide(EvolutionListener.layer))).pipe(NodeRuntime.runMain)
