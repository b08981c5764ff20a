import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { scopedSimulator } from "../../../src/Testing/mod.ts"
import { certificates, tlsInFrontOf } from "../../support/PrivateAuthority.ts"
import {
  at,
  listener,
  runToEnd,
  startService,
  temporaryDirectory
} from "../../support/ServiceProcess.ts"

describe("Evolution behind a private authority", { timeout: 60_000 }, () => {
  const behindTls = Effect.gen(function* () {
    const evolution = yield* scopedSimulator()
    const { authority, ...pair } = yield* certificates
    const { port } = yield* tlsInFrontOf(evolution.url, pair)
    const DATA_DIR = yield* temporaryDirectory
    return {
      evolution,
      NODE_EXTRA_CA_CERTS: authority,
      variables: { ...at(evolution), EVOLUTION_API_URL: `https://localhost:${port}`, DATA_DIR }
    }
  })

  it.scopedLive(
    "is refused unless that authority is named, and then by a check is found well",
    () =>
      Effect.gen(function* () {
        const { NODE_EXTRA_CA_CERTS, variables } = yield* behindTls
        const refused = yield* runToEnd(variables, ["--check"])
        expect(refused.code).toBe(1)
        expect(refused.lines.find((line) => line.startsWith("FAILED"))).toMatch(
          /^FAILED {3}Evolution: the certificate of https:\/\/localhost:\d+ is of no authority .* NODE_EXTRA_CA_CERTS/
        )
        const accepted = yield* runToEnd({ ...variables, NODE_EXTRA_CA_CERTS }, [
          "--check",
          "--probe"
        ])
        expect([accepted.code, accepted.lines.filter((line) => !line.startsWith("ok "))]).toEqual([
          0,
          []
        ])
      })
  )

  it.scopedLive("is refused, also on the socket, and accepted once it is trusted", () =>
    Effect.gen(function* () {
      const { evolution, NODE_EXTRA_CA_CERTS, variables } = yield* behindTls
      evolution.add("shop-1")
      const stranger = yield* startService(variables)
      yield* stranger.call("/instances/shop-1/start", { method: "POST" })
      const waiting = yield* stranger.until(
        "/instances/shop-1",
        (body) => listener(body) === "Waiting"
      )
      expect(waiting.listener?.state?.error).toMatchObject({ _tag: "DialFailed" })
      expect(evolution.connections()).toBe(0)
      yield* stranger.stop("SIGTERM")
      const friend = yield* startService({ ...variables, NODE_EXTRA_CA_CERTS })
      yield* friend.until("/instances/shop-1", (body) => listener(body) === "Listening")
    })
  )
})
