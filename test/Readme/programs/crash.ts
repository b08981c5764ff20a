import { NodeRuntime } from "@effect/platform-node"
import { Deferred, Effect, Layer } from "effect"
import { EvolutionListener, Http, Supervise } from "../../../src/mod.ts"

const service = Http.layer.pipe(Layer.provide(EvolutionListener.layer))

const crashed = Effect.flatMap(Supervise.Escalation, Deferred.await)

Effect.raceFirst(Layer.launch(service), crashed).pipe(NodeRuntime.runMain)
