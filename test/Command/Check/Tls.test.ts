import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { createServer } from "node:tls"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { scopedSimulator } from "../../support/EvolutionSimulator.ts"
import {
  at,
  listener,
  runToEnd,
  startService,
  temporaryDirectory
} from "../../support/ServiceProcess.ts"

/** A certificate for `localhost` by an authority that nobody knows, and that authority's own. */
const certificates = Effect.map(temporaryDirectory, (directory) => {
  const file = (name: string) => join(directory, name)
  const openssl = (...args: ReadonlyArray<string>) =>
    execFileSync("openssl", args, { cwd: directory, stdio: "ignore" })
  const key = ["-newkey", "rsa:2048", "-nodes"]
  openssl(
    "req",
    "-x509",
    ...key,
    "-subj",
    "/CN=A private authority",
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem"
  )
  openssl("req", ...key, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
  writeFileSync(file("names"), "subjectAltName=DNS:localhost")
  const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"]
  openssl("x509", "-req", "-in", "server.csr", ...signed, "-out", "server.pem")
  return {
    authority: file("ca.pem"),
    key: readFileSync(file("server.key")),
    cert: readFileSync(file("server.pem"))
  }
})

/** TLS in front of a port, for REST and the socket alike. */
const tlsInFrontOf = (url: string, pair: { readonly key: Buffer; readonly cert: Buffer }) =>
  Effect.acquireRelease(
    Effect.async<{ readonly port: number; readonly stop: () => void }>((resume) => {
      const server = createServer(pair, (client) => {
        const behind = connect(Number(new URL(url).port), "127.0.0.1")
        client.on("error", () => behind.destroy())
        behind.on("error", () => client.destroy())
        client.pipe(behind).pipe(client)
      }).listen(0, "localhost", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({ port, stop: () => server.close() }))
      })
      server.on("tlsClientError", () => undefined) // who does not trust us hangs up
    }),
    ({ stop }) => Effect.sync(stop)
  )

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
