import { describe, expect, it } from "@effect/vitest"
import { Context, Duration, Effect, Schema } from "effect"
import * as EvolutionListener from "../../../src/EvolutionListener.ts"
import { PairingLink } from "../../../src/Http/Api/Pairing.ts"
import { Tokens } from "../../../src/Http/Auth/Tokens.ts"
import { scopedSimulator } from "../../../src/Testing/mod.ts"
import { storage } from "../../support/databases.ts"
import { open } from "../EventStreamReader.ts"
import { key, serve } from "../Service.ts"

/** Two servers that show another code for an instance of one name. */
const two = Effect.gen(function* () {
  const simulators = { default: yield* scopedSimulator(), br: yield* scopedSimulator() }
  const service = yield* serve(EvolutionListener.layer, {
    EVOLUTION_SERVERS: "default,br",
    EVOLUTION_API_URL: simulators.default.url,
    EVOLUTION_API_KEY: simulators.default.apiKey,
    EVOLUTION_API_URL__BR: simulators.br.url,
    EVOLUTION_API_KEY__BR: simulators.br.apiKey,
    API_KEY: key,
    ...(yield* storage)
  })
  for (const server of ["default", "br"])
    yield* service.post(`/instances?server=${server}`, JSON.stringify({ name: "loja" }))
  const follow = (token: string) =>
    open(service.url, "/pairing/stream", { apikey: "", authorization: `Bearer ${token}` })
  const linkOf = (query: string) =>
    Effect.map(service.post(`/instances/loja/pairing-links${query}`, "{}"), ({ json }) =>
      new URL(Schema.decodeUnknownSync(PairingLink)(json).url).hash.slice(1)
    )
  return { ...service, follow, linkOf, simulators }
})

const phones = { default: "5511900000001", br: "5511900000002" }

describe("a pairing link of one of two servers", { timeout: 60_000 }, () => {
  it.scopedLive("shows the codes of its own server, and the phone that scanned them", () =>
    Effect.gen(function* () {
      const { follow, linkOf, simulators } = yield* two
      for (const [query, server] of [
        ["?server=br", "br"],
        ["", "default"]
      ] as const) {
        const reader = yield* follow(yield* linkOf(query))
        yield* reader.takeUntil(({ data }) => JSON.stringify(data ?? "").includes('"scan"'))
        simulators[server].scan("loja", phones[server])
        const frames = yield* reader.takeUntil(({ data }) =>
          JSON.stringify(data ?? "").includes('"connected"')
        )
        expect(frames.at(-1)?.data).toMatchObject({ instance: "loja", phone: phones[server] })
        expect(JSON.stringify(frames)).not.toContain('"server"')
      }
    })
  )

  it.scopedLive(
    "of a version with one server, whose subject is a name alone, is that of default",
    () =>
      Effect.gen(function* () {
        const { context, follow, simulators } = yield* two
        const { token } = yield* Context.get(context, Tokens).issue(
          "pairing",
          "loja",
          Duration.minutes(5)
        )
        const reader = yield* follow(token)
        yield* reader.takeUntil(({ data }) => JSON.stringify(data ?? "").includes('"scan"'))
        simulators.br.scan("loja", phones.br)
        simulators.default.scan("loja", phones.default)
        const frames = yield* reader.takeUntil(({ data }) =>
          JSON.stringify(data ?? "").includes('"connected"')
        )
        expect(frames.at(-1)?.data).toMatchObject({ phone: phones.default })
      })
  )
})
