/** The demo without a phone: a simulated Evolution, this service, and a simulated person who scans. */
import { NodeRuntime } from "@effect/platform-node"
import {
  ConfigProvider,
  Console,
  Effect,
  Layer,
  Logger,
  LogLevel,
  Option,
  Redacted,
  Stream
} from "effect"
import * as Settings from "../../src/AppConfig/Settings.ts"
import * as AppConfig from "../../src/AppConfig.ts"
import * as Startup from "../../src/Command/Startup.ts"
import { InstanceName } from "../../src/Domain/Instance.ts"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import { Session } from "../../src/Http/Auth/Session.ts"
import * as Http from "../../src/Http/mod.ts"
import { Instances } from "../../src/Instances/Instances.ts"
import { EventBus } from "../../src/Log/EventBus.ts"
import {
  EvolutionSimulator,
  type SimulatedInstance,
  type Simulator,
  textMessage
} from "../../src/Testing/mod.ts"

const instance = InstanceName.make("demo")

const say = (line: string) => Console.log(`  ${line}`)

/** The actions of the person with the phone, and the messages that WhatsApp sends then. */
const story = Effect.gen(function* () {
  const simulator = yield* EvolutionSimulator
  const instances = yield* Instances
  const session = yield* Session
  const { apiKey, host, port } = yield* AppConfig.Http
  const service = `http://${host}:${port}`
  const key = Option.isSome(apiKey) ? '"$API_KEY"' : `"$(cat ${yield* AppConfig.dataDir}/api-key)"`
  const curl = (path: string) => `curl -s -H apikey:${key} ${service}${path}`

  const ticket = Redacted.value(yield* session.ticket)
  yield* Console.log(
    [
      "",
      `  The dashboard, signed in:  ${service}/#ticket=${ticket}`,
      `  The phone, yours to hold:  ${simulator.url}/phone`,
      "",
      `A simulated Evolution is at ${simulator.url}, the service at ${service}, its docs at ${service}/docs`,
      "From another terminal:",
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
  yield* say(`Scan the code yourself at ${simulator.url}/phone, or wait half a minute`)
  yield* Effect.forkScoped(chat(simulator))
  yield* Effect.forkScoped(Effect.delay(scanFor(simulator), "29 seconds"))
  return yield* codes(simulator)
})

/** Renews the codes of unlinked instances, sooner than WhatsApp's 45 s. */
const codes = (simulator: Simulator) =>
  Effect.sleep("10 seconds").pipe(
    Effect.andThen(() =>
      Effect.forEach(simulator.instances().filter(isWaiting), ({ name, qrCount }) =>
        Effect.zipRight(
          say(`Nobody scanned "${name}"; Evolution shows code ${qrCount + 1}`),
          Effect.promise(() => simulator.showQr(name))
        )
      )
    ),
    Effect.forever
  )

/** Nobody scanned. */
const scanFor = (simulator: Simulator) =>
  Effect.suspend(() =>
    simulator.instances().some((one) => one.name === instance && isWaiting(one))
      ? Effect.zipRight(
          say("The phone scans the code"),
          Effect.sync(() => simulator.scan(instance))
        )
      : Effect.void
  )

const isWaiting = ({ ownerJid, state }: SimulatedInstance) =>
  state === "connecting" && ownerJid === null

const customers = [
  { name: "Ana", phone: "5511988887777", texts: ["Olá!", "Vocês abrem no sábado?", "Obrigada!"] },
  { name: "Bruno", phone: "5521977776666", texts: ["Meu pedido chegou", "Tudo certo, valeu!"] },
  { name: "Carla", phone: "34600111222", texts: ["¿Tienen el azul?", "Perfecto, gracias"] }
]

/** Sends a message to every linked number. */
const chat = (simulator: Simulator) =>
  Effect.iterate(0, {
    while: () => true,
    body: (turn) =>
      Effect.sleep("3 seconds").pipe(
        Effect.andThen(() => {
          const customer = customers[turn % customers.length]
          const text = customer?.texts[Math.floor(turn / customers.length) % customer.texts.length]
          if (customer === undefined || text === undefined) return
          for (const { name, state } of simulator.instances())
            if (state === "open")
              simulator.emit(name, "messages.upsert", textMessage(text, customer))
        }),
        Effect.as(turn + 1)
      )
  })

/** Prints every committed event. */
const narrate = Effect.flatMap(EventBus, (bus) =>
  Stream.runForEach(bus.after("now"), ({ event, id, json, origin }) =>
    say(
      `#${String(id).padEnd(4)} ${event.padEnd(18)} ${origin.padEnd(9)} ${String(json).slice(0, 90)}`
    )
  )
)

/** Settings for the simulated Evolution; the environment sets the others. */
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

NodeRuntime.runMain(Effect.provide(Startup.explainFailure(demo), Settings.layerFromEnv), {
  disableErrorReporting: true
})
