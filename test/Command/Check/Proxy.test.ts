import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { scopedSimulator } from "../../../src/Testing/mod.ts"
import { connectProxy } from "../../support/ConnectProxy.ts"
import { certificates, tlsInFrontOf } from "../../support/PrivateAuthority.ts"
import {
  at,
  listener,
  runToEnd,
  startService,
  temporaryDirectory
} from "../../support/ServiceProcess.ts"

const credentials = "proxy-user:p@ss/Secr3t-4711"
const written = "proxy-user:p%40ss%2FSecr3t-4711"
const secret = /Secr3t|proxy-user/

/** The program, and Evolution with a certificate of a private authority at a name that the proxy resolves. */
const behindProxy = Effect.gen(function* () {
  const evolution = yield* scopedSimulator()
  evolution.add("shop-1")
  const { authority, ...pair } = yield* certificates
  const proxy = yield* connectProxy({
    credentials,
    to: (yield* tlsInFrontOf(evolution.url, pair)).port
  })
  return {
    evolution,
    pair,
    proxy,
    NODE_EXTRA_CA_CERTS: authority,
    variables: {
      ...at(evolution),
      EVOLUTION_API_URL: "https://evolution.invalid",
      https_proxy: `http://${written}@127.0.0.1:${proxy.port}`,
      DATA_DIR: yield* temporaryDirectory
    }
  }
})

describe("Evolution with a private certificate behind an HTTP proxy", { timeout: 60_000 }, () => {
  it.scopedLive("is found well by a check, and its certificate is verified", () =>
    Effect.gen(function* () {
      const { NODE_EXTRA_CA_CERTS, proxy, variables } = yield* behindProxy
      const refused = yield* runToEnd(variables, ["--check"])
      expect(refused.lines.find((line) => line.startsWith("FAILED"))).toMatch(
        /^FAILED {3}Evolution: the certificate of https:\/\/evolution\.invalid is of no authority/
      )
      const found = yield* runToEnd({ ...variables, NODE_EXTRA_CA_CERTS }, ["--check", "--probe"])
      expect([found.code, found.lines.filter((line) => !line.startsWith("ok "))]).toEqual([0, []])
      expect(found.lines).toContain(
        `ok       Evolution: it answers at https://evolution.invalid, through the proxy at http://127.0.0.1:${proxy.port} (https_proxy)`
      )
      expect(found.lines.join("\n")).not.toMatch(secret)
    })
  )

  it.scopedLive("is found well also where the proxy itself speaks TLS", () =>
    Effect.gen(function* () {
      const { NODE_EXTRA_CA_CERTS, pair, proxy, variables } = yield* behindProxy
      const { port } = yield* tlsInFrontOf(`http://127.0.0.1:${proxy.port}`, pair)
      const found = yield* runToEnd(
        {
          ...variables,
          NODE_EXTRA_CA_CERTS,
          EVOLUTION_PROXY: `https://${written}@localhost:${port}`
        },
        ["--check", "--probe"]
      )
      expect([found.code, found.lines.filter((line) => !line.startsWith("ok "))]).toEqual([0, []])
      expect(new Set(proxy.opened)).toEqual(new Set(["evolution.invalid:443"]))
    })
  )

  it.scopedLive("is listened to, and a refused password parks nothing and is told to nobody", () =>
    Effect.gen(function* () {
      const { evolution, NODE_EXTRA_CA_CERTS, proxy, variables } = yield* behindProxy
      const service = yield* startService({ ...variables, NODE_EXTRA_CA_CERTS })
      yield* service.until("/instances/shop-1", (body) => listener(body) === "Listening")
      expect(evolution.connections()).toBe(1)
      expect(service.output()).toContain(
        `Evolution is reached through the proxy at http://127.0.0.1:${proxy.port} (https_proxy)`
      )
      yield* service.stop("SIGTERM")
      const wrong = yield* startService({
        ...variables,
        NODE_EXTRA_CA_CERTS,
        https_proxy: variables.https_proxy.replace("4711", "4712")
      })
      const status = yield* wrong.until("/instances/shop-1", (body) => listener(body) === "Waiting")
      expect(status.listener?.state?.error).toMatchObject({
        _tag: "DialFailed",
        code: "PROXY_REFUSED"
      })
      yield* wrong.stop("SIGTERM")
      for (const text of [service.output(), wrong.output(), JSON.stringify(status)])
        expect(text).not.toMatch(secret)
      expect(wrong.output()).toContain("answers HTTP 407")
    })
  )
})
