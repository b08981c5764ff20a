/** A program with a durable handler, which notes each message in a file. */
import { appendFileSync } from "node:fs"
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import * as Startup from "../../../src/Command/Startup.ts"
import * as Handlers from "../../../src/Delivery/Handlers.ts"
import * as EvolutionListener from "../../../src/EvolutionListener.ts"
import * as Http from "../../../src/Http/mod.ts"

const file = process.env.HANDLED ?? ""

const handler = Handlers.on(
  "messages.upsert",
  ({ id }) => Effect.sync(() => appendFileSync(file, `${id}\n`)),
  { durable: "notes" }
)

const program = Layer.merge(Http.layer, handler).pipe(Layer.provide(EvolutionListener.layer))
NodeRuntime.runMain(Startup.launch(program), { disablePrettyLogger: true })
