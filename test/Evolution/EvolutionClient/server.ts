/** An HTTP server that gives a test's answers in the place of Evolution. */
import { readFileSync } from "node:fs"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import type { HttpClient } from "@effect/platform"
import { Context, Effect, Layer, Redacted } from "effect"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import { EvolutionClient } from "../../../src/Evolution/EvolutionClient.ts"
import { evolutionAt, settings } from "../../support/settings.ts"

export const name = InstanceName.make("shop-1")
export const apiKey = "global-key-of-9f2c"
export const token = "instance-token-71aa"

export interface Answer {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

export const fixture = (file: string): string =>
  readFileSync(join(import.meta.dirname, "../../fixtures", file), "utf8")

export const json = (status: number, body: unknown): Answer => ({
  status,
  body: JSON.stringify(body),
  headers: { "content-type": "application/json; charset=utf-8" }
})

/** Evolution's own error body. */
export const refusal = (status: number, message: unknown, error = "Refused"): Answer =>
  json(status, { status, error, response: { message } })

interface Request {
  readonly call: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Gives each answer once and repeats the last one; `undefined`: gives no answer. */
export const server = (...answers: ReadonlyArray<Answer | undefined>) =>
  Effect.acquireRelease(
    Effect.async<{
      readonly url: string
      readonly requests: Array<Request>
      readonly close: () => void
    }>((resume) => {
      const requests: Array<Request> = []
      const http = createServer((request, response) => {
        let body = ""
        request.setEncoding("utf8").on("data", (part: string) => {
          body += part
        })
        request.on("end", () => {
          const answer = answers[Math.min(requests.length, answers.length - 1)]
          const { headers, method, url } = request
          requests.push({ call: `${method} ${url}`, headers, body })
          if (answer === undefined) return
          response.writeHead(answer.status, answer.headers)
          response.end(answer.body)
        })
      })
      http.listen(0, "127.0.0.1", () => {
        const { port } = http.address() as AddressInfo // listening on TCP, so never a pipe's name
        resume(
          Effect.succeed({
            url: `http://127.0.0.1:${port}`,
            requests,
            close: () => {
              http.closeAllConnections()
              http.close()
            }
          })
        )
      })
    }),
    ({ close }) => Effect.sync(close)
  )

export const clientAt = (url: string, key = apiKey) =>
  Effect.map(
    Layer.build(Layer.provide(EvolutionClient.layer, evolutionAt({ url, apiKey: key }))),
    Context.get(EvolutionClient)
  )

/** The client over an HTTP client of an embedder. */
export const clientOver = (transport: Layer.Layer<HttpClient.HttpClient>, url: string) =>
  EvolutionClient.layer.pipe(
    Layer.provide(transport),
    Layer.provide(settings({ EVOLUTION_API_URL: url, EVOLUTION_API_KEY: apiKey })),
    Layer.build,
    Effect.map(Context.get(EvolutionClient))
  )

export type Client = typeof EvolutionClient.Service

/** Every method of the client, with arguments. */
export const calls = {
  create: (client: Client) =>
    client.create({ name, integration: "WHATSAPP-BAILEYS", token: Redacted.make(token) }),
  connect: (client: Client) => client.connect(name),
  connectionState: (client: Client) => client.connectionState(name),
  fetchInstances: (client: Client) => client.fetchInstances(name),
  restart: (client: Client) => client.restart(name),
  logout: (client: Client) => client.logout(name),
  delete: (client: Client) => client.delete(name),
  findWebSocket: (client: Client) => client.findWebSocket(name),
  setWebSocket: (client: Client) => client.setWebSocket(name, ["QRCODE_UPDATED"]),
  findMessages: (client: Client) => client.findMessages(name, { pageSize: 1 })
} as const
export type Method = keyof typeof calls

/** The result of a call that gets one answer: a value or an error. */
export const outcome = (method: Method, ...answers: ReadonlyArray<Answer>) =>
  Effect.gen(function* () {
    const client = yield* clientAt((yield* server(...answers)).url)
    const call: Effect.Effect<unknown, Effect.Effect.Error<ReturnType<Client["create"]>>> = calls[
      method
    ](client)
    return yield* Effect.either(call)
  })
