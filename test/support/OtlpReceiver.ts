/** A receiver of traces by OTLP in JSON. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, Schema } from "effect"

const Value = Schema.Struct({
  stringValue: Schema.optional(Schema.String),
  intValue: Schema.optional(Schema.Number),
  doubleValue: Schema.optional(Schema.Number),
  boolValue: Schema.optional(Schema.Boolean)
})
const Attributes = Schema.Array(Schema.Struct({ key: Schema.String, value: Value }))

const Id = (length: number) =>
  Schema.String.pipe(Schema.pattern(new RegExp(`^[0-9a-f]{${length}}$`)))

/** The part of OTLP's `ExportTraceServiceRequest` that the tests read. */
const Request = Schema.Struct({
  resourceSpans: Schema.Array(
    Schema.Struct({
      resource: Schema.Struct({ attributes: Attributes }),
      scopeSpans: Schema.Array(
        Schema.Struct({
          spans: Schema.Array(
            Schema.Struct({
              traceId: Id(32),
              spanId: Id(16),
              parentSpanId: Schema.optional(Id(16)),
              name: Schema.NonEmptyString,
              kind: Schema.Literal(1, 2, 3, 4, 5),
              startTimeUnixNano: Schema.String,
              endTimeUnixNano: Schema.String,
              attributes: Attributes,
              events: Schema.Array(Schema.Unknown),
              status: Schema.Struct({
                code: Schema.Literal(0, 1, 2),
                message: Schema.optional(Schema.String)
              })
            })
          )
        })
      )
    })
  )
})
const decode = Schema.decodeUnknownSync(Schema.parseJson(Request))

export interface ReceivedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  /** `server`: 2, `client`: 3, `internal`: 1. */
  readonly kind: number
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: ReadonlyArray<unknown>
  readonly isError: boolean
}

const asRecord = (attributes: typeof Attributes.Type): Readonly<Record<string, unknown>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

/** Listens on loopback until the scope closes. */
export const receiver = Effect.gen(function* () {
  const bodies: Array<string> = []
  const headers: Array<string> = []
  const server = yield* Effect.acquireRelease(
    Effect.async<ReturnType<typeof createServer>>((resume) => {
      const http = createServer((request, response) => {
        let body = ""
        request.on("data", (part: Buffer) => {
          body += part.toString("utf8")
        })
        request.on("end", () => {
          headers.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`)
          bodies.push(body)
          response.writeHead(200, { "content-type": "application/json" }).end("{}")
        })
      })
      http.listen(0, "127.0.0.1", () => resume(Effect.succeed(http)))
    }),
    (http) =>
      Effect.async<void>((resume) => {
        http.closeAllConnections()
        http.close(() => resume(Effect.void))
      })
  )
  const { port } = server.address() as AddressInfo // it listens on TCP
  const requests = () => bodies.map((body) => decode(body))
  return {
    url: `http://127.0.0.1:${port}`,
    /** Each request's first line and headers. */
    headers,
    /** All request bodies as text. */
    text: () => bodies.join("\n"),
    resource: () => asRecord(requests()[0]?.resourceSpans[0]?.resource.attributes ?? []),
    spans: (): ReadonlyArray<ReceivedSpan> =>
      requests().flatMap(({ resourceSpans }) =>
        resourceSpans.flatMap(({ scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) =>
            spans.map(({ attributes, parentSpanId, status, ...span }) => ({
              ...span,
              parentSpanId,
              attributes: asRecord(attributes),
              isError: status.code === 2
            }))
          )
        )
      )
  }
})
