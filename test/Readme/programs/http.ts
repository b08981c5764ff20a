import { NodeRuntime } from "@effect/platform-node"
import { Layer } from "effect"
import { EvolutionListener, Http } from "../../../src/mod.ts"

Http.layer.pipe(Layer.provide(EvolutionListener.layer), Layer.launch, NodeRuntime.runMain)
