import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Logger, LogLevel, Schedule, Scope } from "effect"
import { InstanceName } from "../../src/Domain/Instance.ts"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import * as Http from "../../src/Http/mod.ts"
import { ListenerRegistry } from "../../src/Listening/ListenerRegistry.ts"
import { Ingest } from "../../src/Log/Ingest.ts"
import { scopedSimulator as simulator } from "../../src/Testing/mod.ts"
import { freshDatabaseUrl } from "../support/databases.ts"
import { freePort } from "../support/ServiceProcess.ts"
import { evolutionAt } from "../support/settings.ts"
import { startProxy } from "../support/TcpProxy.ts"

const { TEST_DATABASE_URL: databaseUrl } = process.env

const name = InstanceName.make("loja-1")

const proxied = (address: string | URL) =>
  Effect.gen(function* () {
    const url = new URL(address)
    const target = { host: url.hostname, port: Number(url.port || 5432) }
    const proxy = yield* Effect.acquireRelease(
      Effect.promise(() => startProxy(target)),
      (open) => Effect.promise(open.close)
    )
    url.hostname = "127.0.0.1"
    url.port = String(proxy.port)
    return { proxy, url: url.href }
  })

const until = <A, E, R>(effect: Effect.Effect<A, E, R>, wanted: (value: A) => boolean) =>
  Effect.repeat(effect, { until: wanted, schedule: Schedule.spaced("25 millis") })

describe.skipIf(databaseUrl === undefined)("a program that embeds the service", () => {
  it.scopedLive.each(["global", "namespace"])(
    "stops within 5 s while the database and Evolution hang, in %s mode",
    (mode) =>
      Effect.gen(function* () {
        const evolution = yield* simulator()
        const database = yield* proxied(yield* freshDatabaseUrl(databaseUrl ?? ""))
        const upstream = yield* proxied(evolution.url)
        const environment = evolutionAt(
          { url: upstream.url, apiKey: evolution.apiKey },
          {
            API_KEY: "key-of-the-test",
            DATABASE_URL: database.url,
            EVOLUTION_MODE: mode,
            PORT: String(yield* freePort)
          }
        )
        const service = Http.layer.pipe(
          Layer.provideMerge(EvolutionListener.layer),
          Layer.provide(environment)
        )
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(service, scope)
        const registry = Context.get(context, ListenerRegistry)
        evolution.add(name, { state: "open" })
        evolution.emit(name, "presence.update", {}) // Evolution's first event makes the namespace
        yield* registry.start(name)
        yield* until(registry.status(name), ({ _tag }) => _tag === "Listening")

        // One event is received and cannot be committed; the link is never closed by its peer.
        database.proxy.blackHole()
        evolution.emit(name, "presence.update", { id: 1 })
        yield* until(Context.get(context, Ingest).depth, ({ events }) => events > 0)
        upstream.proxy.blackHole()

        const began = performance.now()
        yield* Scope.close(scope, Exit.void)
        expect(performance.now() - began).toBeLessThan(5000)
      }).pipe(Logger.withMinimumLogLevel(LogLevel.None)),
    60_000
  )
})
