import { once } from "node:events"
import { createServer } from "node:net"
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Layer, Option, Stream } from "effect"
import { InstanceName } from "../../src/Domain/Instance.ts"
import { EvolutionClient } from "../../src/Evolution/EvolutionClient.ts"
import { Probe } from "../../src/Evolution/Probe.ts"
import * as Transport from "../../src/Evolution/Transport.ts"
import { scopedSimulator } from "../../src/Testing/mod.ts"
import { connectProxy } from "../support/ConnectProxy.ts"
import { freePort } from "../support/ServiceProcess.ts"
import { settings } from "../support/settings.ts"

const name = InstanceName.make("shop-1")
const credentials = "proxy-user:p@ss/Secr3t-4711"
const written = "proxy-user:p%40ss%2FSecr3t-4711"
/** The proxy resolves the name: nobody else can. */
const url = "http://evolution.invalid:8080"

const proxied = (variables: Readonly<Record<string, string>>) =>
  Effect.map(
    Layer.build(
      Layer.merge(EvolutionClient.layer, Probe.layer).pipe(
        Layer.provide(Transport.layer),
        Layer.provide(settings({ EVOLUTION_API_URL: url, ...variables }))
      )
    ),
    (context) => ({
      client: Context.get(context, EvolutionClient),
      probe: Context.get(context, Probe)
    })
  )

const portOf = (address: string) => Number(new URL(address).port)

describe("Evolution behind an HTTP proxy", () => {
  it.scopedLive("is asked, checked and heard through the proxy alone, with its password", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator()
      evolution.add("shop-1")
      const proxy = yield* connectProxy({ credentials, to: portOf(evolution.url) })
      const { client, probe } = yield* proxied({
        EVOLUTION_API_KEY: evolution.apiKey,
        HTTP_PROXY: `http://${written}@127.0.0.1:${proxy.port}`
      })
      expect((yield* client.fetchInstances()).map(({ name }) => name)).toEqual(["shop-1"])
      const asked = proxy.opened.length
      expect((yield* probe.root).status).toBe(200)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const names = yield* probe.broadcast
          evolution.emit("shop-1", "call", {})
          expect(yield* Stream.runHead(names)).toEqual(Option.some("shop-1"))
        })
      )
      expect(proxy.opened.length).toBeGreaterThan(asked)
      expect(new Set(proxy.opened)).toEqual(new Set(["evolution.invalid:8080"]))
      expect(proxy.refused).toEqual([])
    })
  )

  // docker/compose#11433, device-management-toolkit/deployment#610
  it.scopedLive("is reached directly beside us, whatever Docker sets in a container", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator()
      const proxy = yield* connectProxy({ answer: "403 Forbidden", to: 1 })
      const address = `http://127.0.0.1:${proxy.port}`
      const { client, probe } = yield* proxied({
        EVOLUTION_API_URL: evolution.url,
        EVOLUTION_API_KEY: evolution.apiKey,
        HTTP_PROXY: address,
        http_proxy: address,
        HTTPS_PROXY: address,
        https_proxy: address
      })
      expect(yield* client.fetchInstances()).toEqual([])
      yield* Effect.asVoid(Effect.scoped(probe.broadcast))
      expect(proxy.refused).toEqual([])
    })
  )

  it.scopedLive("loses its connections to the proxy with the scope", () =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator()
      const proxy = yield* connectProxy({ to: portOf(evolution.url) })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { probe } = yield* proxied({
            EVOLUTION_API_KEY: evolution.apiKey,
            EVOLUTION_PROXY: `127.0.0.1:${proxy.port}`
          })
          yield* probe.root
          yield* Effect.asVoid(probe.broadcast)
        })
      )
      yield* Effect.promise(proxy.emptied)
    })
  )

  it.scopedLive("takes back a question to the proxy that nobody waits for any more", () =>
    Effect.gen(function* () {
      const proxy = yield* connectProxy({ answer: "silence", to: 1 })
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { client, probe } = yield* proxied({
            EVOLUTION_API_KEY: "a-key-of-the-test",
            EVOLUTION_PROXY: `127.0.0.1:${proxy.port}`
          })
          yield* Effect.forkScoped(client.restart(name))
          yield* Effect.forkScoped(Effect.scoped(probe.broadcast))
          yield* Effect.promise(proxy.asked)
        })
      )
      // Within half of the time after which it would be given up.
      yield* Effect.promise(proxy.emptied).pipe(Effect.timeout("4 seconds"))
    })
  )

  it.scopedLive.each([
    ["407 Proxy Authentication Required", "PROXY_REFUSED", /HTTP 407: the user and the password/],
    ["403 Forbidden", "PROXY_REFUSED", /HTTP 403: it does not allow CONNECT to evolution.invalid:/],
    ["405 Method Not Allowed", "PROXY_REFUSED", /HTTP 405: it does not allow CONNECT/],
    [
      "503 Service Unavailable",
      "PROXY_REFUSED",
      /HTTP 503: it cannot reach evolution.invalid:8080/
    ],
    ["404 Not Found", "PROXY_REFUSED", /HTTP 404: is it an HTTP proxy/],
    ["302 Found\r\nlocation: http://login", "PROXY_REFUSED", /HTTP 302: is it an HTTP proxy/],
    ["no HTTP", "PROXY_UNREACHABLE", /\(HTTP_PROXY\) fails: /]
  ] as const)("is not judged by a proxy that answers %s", ([answer, code, expected]) =>
    Effect.gen(function* () {
      const evolution = yield* scopedSimulator()
      const proxy = yield* connectProxy({ answer, to: portOf(evolution.url) })
      yield* judged(proxy.port, code, expected)
      expect(proxy.opened).toEqual([])
    })
  )

  it.scopedLive("is not judged by a proxy that is not there", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      yield* judged(port, "PROXY_UNREACHABLE", /fails: nothing listens at .* HTTP_PROXY right\?/)
    })
  )

  it.scopedLive("is not judged by a proxy that gives no answer", () =>
    Effect.gen(function* () {
      const proxy = yield* connectProxy({ answer: "silence", to: 1 })
      yield* judged(proxy.port, "PROXY_UNREACHABLE", /fails: no answer within 8 s/)
    })
  )

  it.scopedLive("is told by name where it is the one that gives no answer", () =>
    Effect.gen(function* () {
      const proxy = yield* connectProxy({ to: yield* silentPort })
      const { probe } = yield* proxied({
        EVOLUTION_API_URL: "https://evolution.invalid",
        EVOLUTION_API_KEY: "a-key-of-the-test",
        HTTPS_PROXY: `127.0.0.1:${proxy.port}`
      })
      const [checked, socket] = yield* Effect.all(
        [Effect.flip(probe.root), Effect.flip(Effect.scoped(probe.broadcast))],
        { concurrency: "unbounded" }
      )
      expect(checked.message).toMatch(/no answer from https:\/\/evolution\.invalid in time/)
      expect(socket).toMatchObject({ _tag: "DialFailed", code: "ETIMEDOUT" })
      yield* Effect.promise(proxy.emptied)
    })
  )

  it.scopedLive("is not judged by a password that the proxy refuses, and that nobody is told", () =>
    Effect.gen(function* () {
      const proxy = yield* connectProxy({ credentials: "proxy-user:another", to: 1 })
      yield* judged(proxy.port, "PROXY_REFUSED", /HTTP 407/)
      expect(proxy.refused.length).toBeGreaterThan(0)
    })
  )
})

/** A port that accepts, and never says a word. */
const silentPort = Effect.map(
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer((socket) => void socket.resume()).listen(0, "127.0.0.1")
      await once(server, "listening")
      return server
    }),
    (server) => Effect.sync(() => server.close())
  ),
  (server) => {
    const address = server.address()
    return typeof address === "object" && address !== null ? address.port : 0
  }
)

/** REST, the socket and `--check` name the proxy, and nothing of its credentials. */
const judged = (port: number, code: string, expected: RegExp) =>
  Effect.gen(function* () {
    const { client, probe } = yield* proxied({
      EVOLUTION_API_KEY: "a-key-of-the-test",
      HTTP_PROXY: `http://${written}@127.0.0.1:${port}`
    })
    const [rest, checked, socket] = yield* Effect.all(
      [
        Effect.flip(client.restart(name)),
        Effect.flip(probe.root),
        Effect.flip(Effect.scoped(probe.broadcast))
      ],
      { concurrency: "unbounded" }
    )
    expect(rest).toMatchObject({ _tag: "EvolutionUnavailable", status: null })
    expect(socket).toMatchObject({ _tag: "DialFailed", code })
    for (const { message } of [rest, checked, socket]) {
      expect(message).toMatch(expected)
      expect(message).toContain(`the proxy at http://127.0.0.1:${port} (HTTP_PROXY)`)
      expect(message).not.toMatch(/Secr3t|proxy-user|Basic/)
    }
  })
