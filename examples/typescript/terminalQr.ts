/** Starts the instance that is named on the command line, and prints its QR code until somebody has scanned it. */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { EvolutionListener, Handlers, Instance, Instances } from "evolution-listener"
import qrcode from "qrcode"

const [name] = process.argv.slice(2)
if (name === undefined) throw new Error("Name the instance: node built/terminalQr.js loja-1")

const print = (code: string) =>
  Effect.flatMap(
    Effect.promise(() => qrcode.toString(code, { type: "terminal", small: true })),
    Console.log
  )

const onCode = Handlers.on("qrcode.updated", ({ data, instance }) =>
  instance === name && "qrcode" in data ? print(data.qrcode.code) : Effect.void
)

const onState = Handlers.on("connection.update", ({ data, instance }) =>
  instance === name ? Console.log(`${name} is ${data.state}`) : Effect.void
)

const start = Layer.effectDiscard(
  Effect.flatMap(Instances.Instances, (instances) =>
    instances.start(Instance.InstanceName.make(name))
  )
)

Layer.mergeAll(onCode, onState, start).pipe(
  Layer.provide(EvolutionListener.layer),
  Layer.launch,
  NodeRuntime.runMain
)
