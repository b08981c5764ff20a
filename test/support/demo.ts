/** The whole story without a phone: a simulated Evolution, this service, and somebody who scans. */
import { NodeRuntime } from "@effect/platform-node"
import { ConfigProvider, Console, Effect, Layer, Logger, LogLevel, Option, Stream } from "effect"
import * as AppConfig from "../../src/AppConfig.ts"
import { InstanceName } from "../../src/Domain/Instance.ts"
import { EventBus } from "../../src/EventBus.ts"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import * as Http from "../../src/Http.ts"
import { Instances } from "../../src/Instances.ts"
import * as Startup from "../../src/Startup.ts"
import { EvolutionSimulator } from "./EvolutionSimulator.ts"

const instance = InstanceName.make("demo")

const say = (line: string) => Console.log(`  ${line}`)

/** What the person with the phone does, and what WhatsApp then sends. */
const story = Effect.gen(function* () {
  const simulator = yield* EvolutionSimulator
  const instances = yield* Instances
  const { apiKey, host, port } = yield* AppConfig.Http
  const service = `http://${host}:${port}`
  const key = Option.isSome(apiKey) ? '"$API_KEY"' : `"$(cat ${yield* AppConfig.dataDir}/api-key)"`
  const curl = (path: string) => `curl -s -H apikey:${key} ${service}${path}`

  yield* Console.log(
    [
      "",
      `A simulated Evolution is at ${simulator.url}, the service at ${service}, its docs at ${service}/docs`,
      "Look from another terminal:",
      "",
      `  ${curl(`/instances/${instance}/qrcode`)}`,
      `  ${curl(`/instances/${instance}/status`)}`,
      `  ${curl("/events")}`,
      `  ${curl(`/instances/${instance}/stop`).replace("curl", "curl -X POST")}`,
      "",
      "The story (Ctrl+C ends it):",
      ""
    ].join("\n")
  )
  yield* Effect.forkScoped(narrate)
  yield* instances.create({ name: instance, integration: "WHATSAPP-BAILEYS" })
  for (const code of [2, 3]) {
    yield* Effect.sleep("5 seconds")
    yield* say(`Nobody scanned; Evolution shows code ${code}`)
    yield* Effect.promise(() => simulator.showQr(instance))
  }
  yield* Effect.sleep("5 seconds")
  yield* say("The phone scans the code")
  yield* Effect.sync(() => simulator.scan(instance))
  for (let number = 1; ; number++) {
    yield* Effect.sleep("3 seconds")
    yield* Effect.sync(() => simulator.emit(instance, "messages.upsert", message(number)))
  }
})

const message = (number: number) => ({
  key: { id: `DEMO${number}`, remoteJid: "5511988887777@s.whatsapp.net", fromMe: false },
  pushName: "Ana",
  message: { conversation: `Olá ${number}` },
  messageType: "conversation",
  messageTimestamp: Math.floor(Date.now() / 1000),
  source: "android"
})

/** Every committed event, as it happens. */
const narrate = Effect.flatMap(EventBus, (bus) =>
  Stream.runForEach(bus.after("now"), ({ event, id, json, origin }) =>
    say(`#${String(id).padEnd(4)} ${event.padEnd(18)} ${origin.padEnd(9)} ${json.slice(0, 90)}`)
  )
)

/** Evolution is the simulated one; everything else is as the environment says. */
const settings = Layer.unwrapEffect(
  Effect.map(EvolutionSimulator, ({ apiKey, url }) =>
    Layer.setConfigProvider(
      ConfigProvider.fromMap(
        new Map([
          ["EVOLUTION_API_URL", url],
          ["EVOLUTION_API_KEY", apiKey]
        ])
      ).pipe(ConfigProvider.orElse(() => ConfigProvider.fromEnv()))
    )
  )
)

const demo = Effect.scoped(story).pipe(
  Effect.provide(
    Http.layer.pipe(
      Layer.provideMerge(EvolutionListener.layer),
      Layer.provide(Logger.minimumLogLevel(LogLevel.Warning)),
      Layer.provide(settings),
      Layer.provideMerge(EvolutionSimulator.layer())
    )
  )
)

NodeRuntime.runMain(Startup.explainFailure(demo), { disableErrorReporting: true })
