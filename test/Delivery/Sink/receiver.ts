/** A receiver of webhooks on this machine. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http"
import { Effect } from "effect"

export interface Call {
  readonly path: string
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** `answer`: called when a request is there as a whole. `connections`: as many as were opened. */
export const receiver = (answer: (response: ServerResponse, call: Call) => void) =>
  Effect.acquireRelease(
    Effect.async<{
      readonly port: number
      readonly calls: Array<Call>
      readonly connections: () => number
      readonly closed: () => number
      readonly stop: () => void
    }>((resume) => {
      const calls: Array<Call> = []
      let [connections, closed] = [0, 0]
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk: Buffer) => chunks.push(chunk))
        request.on("end", () => {
          const { headers, method = "", url: path = "" } = request
          const call = { path, method, headers, body: Buffer.concat(chunks) }
          calls.push(call)
          answer(response, call)
        })
      })
      server.on("connection", (socket) => {
        connections++
        socket.on("close", () => closed++)
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        const stop = () => {
          server.close()
          server.closeAllConnections()
        }
        resume(
          Effect.succeed({
            port,
            calls,
            connections: () => connections,
            closed: () => closed,
            stop
          })
        )
      })
    }),
    ({ stop }) => Effect.sync(stop)
  )
