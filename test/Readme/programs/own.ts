import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { Console, Layer, Redacted } from "effect"
import { EvolutionListener, Handlers, Loggers, Settings } from "../../../src/mod.ts"

const settings = Settings.layer({
  evolution: { url: "http://evolution:8080", apiKey: Redacted.make("…") },
  retention: { general: "90 days", overrides: { "test-*": "1 day" } }
})

const ourPool = PgClient.layer({
  url: Redacted.make("postgres://app:…@db/app?options=-csearch_path%3Dlistener"),
  maxConnections: 4
})

Handlers.on("messages.upsert", ({ instance }) => Console.log(instance)).pipe(
  Layer.provide(EvolutionListener.layerNoDeps),
  Layer.provide([ourPool, NodeHttpClient.layerUndici, Loggers.layer]),
  Layer.provide(settings),
  Layer.launch,
  NodeRuntime.runMain
)
