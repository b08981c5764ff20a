/**
 * Listens to several Evolutions in one program: SERVERS=north,south, NORTH_URL, NORTH_KEY, … Each has settings and a
 * database of its own, so instances of the same name do not meet.
 */
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Config, Console, Effect, Layer } from "effect"
import { EvolutionListener, Handlers, Settings, Sql } from "evolution-listener"

const server = (name: string) =>
  Config.all({ url: Config.url("URL"), apiKey: Config.redacted("KEY") }).pipe(
    Config.nested(name.toUpperCase()),
    Effect.map((evolution) =>
      Handlers.on("messages.upsert", ({ data, instance }) =>
        Console.log(name, instance, JSON.stringify(data))
      ).pipe(
        Layer.provide(EvolutionListener.layerNoDeps),
        Layer.provide([
          Settings.layer({ evolution }),
          Sql.layerEmbedded(`data/${name}`),
          NodeHttpClient.layerUndici
        ])
      )
    ),
    Layer.unwrapEffect
  )

Config.array(Config.string(), "SERVERS").pipe(
  Effect.map(([first = "north", ...others]) =>
    Layer.mergeAll(server(first), ...others.map(server))
  ),
  Layer.unwrapEffect,
  Layer.launch,
  NodeRuntime.runMain
)
