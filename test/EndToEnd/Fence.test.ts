import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Schedule, Scope } from "effect"
import { InstanceName } from "../../src/Domain/Instance.ts"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import * as Http from "../../src/Http/mod.ts"
import { ListenerRegistry } from "../../src/Listening/ListenerRegistry.ts"
import { EventStore } from "../../src/Log/EventStore.ts"
import { type Simulator, scopedSimulator } from "../../src/Testing/mod.ts"
import { freshDatabaseUrl } from "../support/databases.ts"
import { makeLines } from "../support/Lines.ts"
import { freePort } from "../support/ServiceProcess.ts"
import { evolutionAt } from "../support/settings.ts"

const { TEST_DATABASE_URL: databaseUrl } = process.env

const name = InstanceName.make("loja-1")

/** A service that stops when the scope closes, or before. */
const start = (evolution: Simulator, database: string) =>
  Effect.gen(function* () {
    const { layer: logger, lines } = yield* makeLines
    const port = yield* freePort
    const scope = yield* Effect.acquireRelease(Scope.make(), (open) => Scope.close(open, Exit.void))
    const environment = evolutionAt(evolution, {
      API_KEY: "key-of-the-test",
      DATABASE_URL: database,
      PORT: String(port)
    })
    const context = yield* Layer.buildWithScope(
      Http.layer.pipe(
        Layer.provideMerge(EvolutionListener.layer),
        Layer.provide(environment),
        Layer.provide(logger)
      ),
      scope
    )
    const ask = (path: string) =>
      Effect.promise(async () => {
        const headers = { apikey: "key-of-the-test" }
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
        return { status: answer.status, body: Object(await answer.json()) }
      })
    return { ask, context, lines, stop: Scope.close(scope, Exit.void) }
  })

type Service = Effect.Effect.Success<ReturnType<typeof start>>

const until = <A, E, R>(effect: Effect.Effect<A, E, R>, wanted: (value: A) => boolean) =>
  Effect.repeat(effect, { until: wanted, schedule: Schedule.spaced("25 millis") })

const listening = ({ context }: Service) =>
  until(Context.get(context, ListenerRegistry).status(name), ({ _tag }) => _tag === "Listening")

const texts = ({ context }: Service) =>
  Effect.map(
    Context.get(context, EventStore).read({ limit: 1000, events: ["messages.upsert"] }),
    (events) => events.map(({ data }) => Object(data).message.conversation)
  )

describe.skipIf(databaseUrl === undefined)("a second process on the same database", () => {
  it.scopedLive(
    "takes over: the first one writes no more, stops listening, says so, and stays",
    () =>
      Effect.gen(function* () {
        const evolution = yield* scopedSimulator()
        evolution.add(name, { state: "open" })
        const database = yield* freshDatabaseUrl(databaseUrl ?? "")
        const old = yield* start(evolution, database.href)
        yield* listening(old)
        evolution.text(name, "5511988887777", "heard by one")
        yield* until(texts(old), (all) => all.length === 1)

        const young = yield* start(evolution, database.href)
        yield* listening(young)
        // Both hear them. The first refusal ends the old one.
        for (const text of ["heard by two", "heard again by two"]) {
          evolution.text(name, "5511988887777", text)
          yield* until(texts(young), (all) => all.includes(text))
        }
        yield* until(old.ask(`/instances/${name}/status`), ({ status }) => status === 503)
        evolution.text(name, "5511988887777", "heard by the other")
        yield* until(texts(young), (all) => all.includes("heard by the other"))
        expect(yield* texts(young)).toEqual([
          "heard by one",
          "heard by two",
          "heard again by two",
          "heard by the other"
        ])

        const refused = yield* old.ask("/instances")
        expect([refused.status, refused.body]).toEqual([
          503,
          {
            _tag: "ServerUnowned",
            message:
              'Another process listens to the server "default" with the same database: ask that one. If there should be one alone, stop the other and restart this one'
          }
        ])
        // The log is everybody's.
        expect((yield* old.ask("/events?event=messages.upsert")).body.events).toHaveLength(4)
        expect((yield* old.ask("/health/live")).status).toBe(200)
        expect(evolution.connections()).toBe(1)
        expect(
          old.lines.filter(({ message }) => message.includes("Stop one of them"))
        ).toHaveLength(1)

        // The end of the old one changes nothing of the young one's life.
        yield* old.stop
        evolution.text(name, "5511988887777", "heard to the end")
        yield* until(texts(young), (all) => all.includes("heard to the end"))
        expect((yield* young.ask(`/instances/${name}/gaps`)).body).toMatchObject({
          gaps: expect.not.arrayContaining([expect.objectContaining({ to: null })])
        })
      }),
    { timeout: 60_000 }
  )
})
