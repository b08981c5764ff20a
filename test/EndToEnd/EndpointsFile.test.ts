import { writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Queue } from "effect"
import { Webhook } from "standardwebhooks"
import { scopedSimulator as simulator } from "../../src/Testing/mod.ts"
import {
  at,
  listener,
  runToEnd,
  startService,
  temporaryDirectory
} from "../support/ServiceProcess.ts"

const secret = `whsec_${Buffer.alloc(32, 5).toString("base64")}`

interface Arrival {
  readonly headers: Record<string, string>
  readonly body: string
}

/** Takes every message. */
const receiver = Effect.gen(function* () {
  const arrivals = yield* Queue.unbounded<Arrival>()
  const server = yield* Effect.acquireRelease(
    Effect.async<ReturnType<typeof createServer>>((resume) => {
      const made = createServer((request, response) => {
        const parts: Array<Buffer> = []
        request.on("data", (part: Buffer) => parts.push(part))
        request.on("end", () => {
          const headers = Object.fromEntries(
            Object.entries(request.headers).map(([name, value]) => [name, String(value)])
          )
          Queue.unsafeOffer(arrivals, { headers, body: Buffer.concat(parts).toString() })
          response.end()
        })
      }).listen(0, "127.0.0.1", () => resume(Effect.succeed(made)))
    }),
    (made) => Effect.sync(() => made.close())
  )
  // Sound: it listens on a port.
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/hook`, arrivals }
})

describe("the program with a file of endpoints", () => {
  it.scopedLive(
    "refuses a wrong one, delivers by a right one, and disables what is taken out of it",
    () =>
      Effect.gen(function* () {
        const evolution = yield* simulator()
        evolution.add("shop", { ownerJid: "5511999990001@s.whatsapp.net", state: "open" })
        const { arrivals, url } = yield* receiver
        const directory = yield* temporaryDirectory
        const ENDPOINTS_FILE = join(directory, "endpoints.yaml")
        const variables = {
          ...at(evolution),
          DATA_DIR: join(directory, "data"),
          AUTO_START: "all",
          DELIVERY_ALLOW: "loopback",
          DELIVERY_SECRET: secret,
          DELIVERY_TOKEN: "a-token-of-the-receiver",
          ENDPOINTS_FILE
        }
        const hook = `endpoints:
  - name: crm
    target:
      type: webhook
      url: ${url}
      headers:
        authorization: { env: DELIVERY_TOKEN }
    secret: { env: DELIVERY_SECRET }
    events: [messages.upsert]
`
        writeFileSync(ENDPOINTS_FILE, `${hook}    retries: 3\n  - name: crm\n`)
        for (const args of [[], ["--check"]]) {
          const { code, lines } = yield* runToEnd(variables, args)
          expect(code).toBe(1)
          const told = lines.filter((line) => line.includes("endpoints["))
          expect(told).toEqual([
            expect.stringMatching(/ENDPOINTS_FILE: line 10: endpoints\[0]\.retries: is unexpected/),
            expect.stringMatching(/ENDPOINTS_FILE: line 11: endpoints\[1]\.target: is missing/)
          ])
        }

        writeFileSync(ENDPOINTS_FILE, hook)
        const service = yield* startService(variables)
        yield* service.until("/instances/shop", (status) => listener(status) === "Listening")
        evolution.emit("shop", "messages.upsert", {
          key: { id: "M1", remoteJid: "5511988880001@s.whatsapp.net", fromMe: false },
          message: { conversation: "hi" },
          messageTimestamp: Math.floor(Date.now() / 1000)
        })
        const { body, headers } = yield* Queue.take(arrivals)
        expect(headers.authorization).toBe("a-token-of-the-receiver")
        expect(new Webhook(secret).verify(body, headers)).toMatchObject({
          type: "messages.upsert",
          data: { instance: "shop", data: { key: { id: "M1" } } }
        })
        const [made] = Object.values((yield* service.call("/endpoints")).body)
        expect(made).toMatchObject({ name: "crm", source: "file", state: "active" })
        const path = `/endpoints/${made?.id}`
        const refused = yield* service.call(path, { method: "DELETE" })
        expect(refused).toMatchObject({ status: 409, body: { _tag: "EndpointInFile" } })
        expect((yield* service.stop("SIGTERM")).code).toBe(0)
        expect(service.output()).toContain("ENDPOINTS_FILE: made: ")
        for (const one of [secret, "a-token-of-the-receiver"])
          expect(service.output() + JSON.stringify(made)).not.toContain(one)

        writeFileSync(ENDPOINTS_FILE, "endpoints: []\n")
        const next = yield* startService(variables)
        expect((yield* next.call(path)).body).toMatchObject({
          state: "disabled",
          reason: "ENDPOINTS_FILE does not have it any more"
        })
      }),
    { timeout: 90_000 }
  )
})
