import { HttpLayerRouter } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import { ApiKey } from "../../src/Access/ApiKey.ts"
import * as Settings from "../../src/AppConfig/Settings.ts"
import { decode, type EvolutionEvent } from "../../src/Domain/Event.ts"
import * as Edge from "../../src/Http/Edge.ts"
import { Peers } from "../../src/Http/Peers.ts"
import * as Sql from "../../src/Storage/Sql.ts"
import * as Secrets from "../../src/Telemetry/Secrets.ts"
import { temporaryDirectory } from "../Http/Service.ts"
import { alone } from "../support/doubles.ts"

const variables = new Map([["EVOLUTION_API_KEY", "evolution-key-9"]])

/** Secrets of their own, whatever other tests have added. */
const apart = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.provide(Settings.layerFrom(ConfigProvider.fromMap(variables))),
    Effect.provideServiceEffect(Secrets.Secrets, Effect.sync(Secrets.make))
  )

/** What a module that asked for the scrub earlier makes of a text. */
const blotted = (text: string) => Effect.map(Secrets.scrub, (scrub) => scrub.blot(text))

describe("Secrets", () => {
  it.effect("blots the secrets of the environment", () =>
    apart(
      Effect.gen(function* () {
        expect(yield* blotted("a evolution-key-9 b")).toBe("a [redacted] b")
      })
    )
  )

  it.effect("blots a secret that is added after a module has taken the scrub", () =>
    apart(
      Effect.gen(function* () {
        const scrub = yield* Secrets.scrub
        const data = { text: "it is pass-word-of-nine-9" }
        const raw = { name: "call", payload: { event: "call", instance: "shop", data } }
        const json = () => JSON.stringify(decode({ ...raw, receivedAt: 0 }, "live", scrub))
        expect(json()).toContain("pass-word-of-nine-9")
        yield* Secrets.add(Redacted.make("pass-word-of-nine-9"))
        expect(scrub.mayHoldSecret("pass-word-of-nine-9")).toBe(true)
        expect(scrub.words("is pass-word-of-nine-9 right?")).toBe("is [redacted] right?")
        expect(scrub.ours("pass-word-of-nine-9")).toBe("[redacted]")
        expect(scrub.entry({ a: ["pass-word-of-nine-9"] })).toEqual({ a: ["[redacted]"] })
        expect(scrub.and("another-one-9").blot("pass-word-of-nine-9, another-one-9")).toBe(
          "[redacted], [redacted]"
        )
        expect(json()).not.toContain("pass-word-of-nine-9")
      })
    )
  )

  it.scoped.each([
    ["before the host", "postgres://user:p%40ss-word-9@127.0.0.1:1/db"],
    ["in the query", "postgres://127.0.0.1:1/db?user=u&password=p%40ss-word-9"]
  ] as const)("knows the password of a database that a program names itself, %s", ([, url]) =>
    apart(
      Effect.gen(function* () {
        // Nothing listens there; that the password is secret must not depend on it.
        yield* Effect.flip(Layer.build(Sql.layerPostgres(Redacted.make(url))))
        expect(yield* blotted("p@ss-word-9 p%40ss-word-9")).toBe("[redacted] [redacted]")
      })
    )
  )

  it.scoped("knows an API key that a program gives by its own layer", () =>
    apart(
      Effect.gen(function* () {
        const key = Layer.succeed(ApiKey, Redacted.make("key-of-their-own-9"))
        // The routes are built; no request is needed.
        yield* Effect.asVoid(
          HttpLayerRouter.toHttpEffect(
            Edge.layer.pipe(Layer.provide(Peers.layer), Layer.provide(Layer.merge(key, alone)))
          )
        )
        expect(yield* blotted("key-of-their-own-9")).toBe("[redacted]")
      })
    )
  )

  it.scoped(
    "knows the secrets of every server in the settings of one, before the others are built",
    () =>
      apart(
        Effect.gen(function* () {
          const variables = {
            EVOLUTION_SERVERS: "eu,br",
            EVOLUTION_API_KEY__EU: "key-of-eu-83f1c07a5b",
            EVOLUTION_PROXY__EU: "http://user:word-of-eu-9@proxy.example.com:3128",
            EVOLUTION_API_KEY__BR: "key-of-br-5d20e9b64c"
          }
          const provider = ConfigProvider.fromMap(new Map(Object.entries(variables)))
          const all = yield* Effect.provide(Settings.Settings, Settings.layerFrom(provider))
          const ofBr = yield* Effect.provideService(
            Secrets.scrub,
            Settings.Settings,
            yield* all.ofServer("br")
          )
          expect(ofBr.blot("key-of-eu-83f1c07a5b word-of-eu-9 key-of-br-5d20e9b64c")).toBe(
            "[redacted] [redacted] [redacted]"
          )
        })
      )
  )

  it.scoped("knows the API key that was generated", () =>
    apart(
      Effect.gen(function* () {
        const DATA_DIR = yield* temporaryDirectory
        const context = yield* Layer.build(ApiKey.layer).pipe(
          Effect.provide(
            Settings.layerFrom(ConfigProvider.fromMap(new Map([["DATA_DIR", DATA_DIR]])))
          )
        )
        const key = yield* Effect.provide(ApiKey, context)
        expect(yield* blotted(Redacted.value(key))).toBe("[redacted]")
      })
    )
  )

  it("lets no text into the log that was not scrubbed: such a program does not compile", () => {
    const text = JSON.stringify({ apikey: "evolution-key-9" })
    // @ts-expect-error: only `Json` makes a `JsonText`
    const json: EvolutionEvent["json"] = text
    expect(json).toBe(text)
  })
})
