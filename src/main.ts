/** The program: the supervision tree, served over HTTP until a signal comes. */
import { NodeRuntime } from "@effect/platform-node"
import { Layer } from "effect"
import * as EvolutionListener from "./EvolutionListener.ts"
import * as Http from "./Http.ts"
import * as Startup from "./Startup.ts"

const program = Http.layer.pipe(
  Layer.provide(EvolutionListener.layer),
  Layer.provide(Startup.logging)
)

Startup.endOnSecondSignal()
NodeRuntime.runMain(Startup.explainFailure(Startup.launch(program)), {
  disableErrorReporting: true,
  disablePrettyLogger: true
})
