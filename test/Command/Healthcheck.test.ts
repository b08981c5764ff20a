import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import { networkInterfaces } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { bundle } from "../support/bundle.ts"

/** Listens on one address, and answers each path with a status. */
const serving = (host: string, statuses: Readonly<Record<string, number>>) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer((request, response) => {
        response.writeHead(statuses[request.url ?? ""] ?? 404).end()
      }).listen(0, host)
      await once(server, "listening")
      const address = server.address()
      return { server, port: typeof address === "object" ? String(address?.port) : "" }
    }),
    ({ server }) => Effect.sync(() => server.close())
  )

const exitOf = (environment: Readonly<Record<string, string>>, question: string) =>
  Effect.promise(async () => {
    const program = join(bundle(), "../healthcheck.js")
    const child = spawn(process.execPath, [program, question], { env: environment })
    const [code] = await once(child, "exit")
    return code
  })

const isWell = { "/health/live": 200, "/health/ready": 200 }

const own = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address

const hasIpv6 = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .some(({ address }) => address === "::1")

// wallabag/docker#407, ThePhaseless/Byparr#346, xnohat/webobsidian#30, searxng/searxng#4378, dsgnr/portchecker.io#355:
// a check of another address than the service's is for ever unhealthy.
describe("the check of health", { timeout: 30_000 }, () => {
  const addresses = [
    "127.0.0.1",
    "0.0.0.0",
    "localhost",
    ...(hasIpv6 ? ["::1", "::"] : []),
    ...(own === undefined ? [] : [own])
  ]
  it.scopedLive.each(addresses)("asks where the service listens: HOST=%s", (HOST) =>
    Effect.gen(function* () {
      const { port: PORT } = yield* serving(HOST, isWell)
      expect(yield* exitOf({ HOST, PORT }, "live")).toBe(0)
      expect(yield* exitOf({ HOST, PORT }, "ready")).toBe(0)
    })
  )

  it.scopedLive("fails where nothing answers, and where something else is wrong", () =>
    Effect.gen(function* () {
      const HOST = "127.0.0.1"
      const { port: PORT } = yield* serving(HOST, { "/health/live": 200, "/health/ready": 503 })
      expect(yield* exitOf({ HOST, PORT }, "live")).toBe(0)
      expect(yield* exitOf({ HOST, PORT }, "ready")).toBe(1)
      const other = yield* serving(HOST, {})
      expect(yield* exitOf({ HOST, PORT: other.port }, "live")).toBe(1)
      expect(yield* exitOf({ HOST, PORT: "9" }, "live")).toBe(1)
    })
  )
})
