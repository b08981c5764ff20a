import { describe, expect, it } from "@effect/vitest"
import { Cause, Data, Effect, Exit, Layer, Option, Tracer } from "effect"
import { discreet } from "../../../src/Telemetry/Tracing/Discreet.ts"
import * as Tracing from "../../../src/Telemetry/Tracing.ts"

interface Told {
  readonly name: string
  readonly parent: string | undefined
  readonly attributes: Readonly<Record<string, unknown>>
  readonly exit: Exit.Exit<unknown, unknown>
}

/** A tracer that keeps what it is told when a span ends, events too. */
const recorder = () => {
  const told: Array<Told> = []
  const events: Array<string> = []
  let last = 0
  const tracer = Tracer.make({
    context: (run) => run(),
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      const span: Tracer.Span = {
        _tag: "Span",
        name,
        spanId: `${++last} ${name}`,
        traceId: "trace",
        parent,
        context,
        status: { _tag: "Started", startTime },
        attributes,
        links,
        sampled: true,
        kind,
        attribute: (key, value) => void attributes.set(key, value),
        event: (event) => void events.push(event),
        addLinks: () => undefined,
        end: (_, exit) =>
          void told.push({
            name: span.name,
            parent: Option.getOrUndefined(Option.map(parent, ({ spanId }) => spanId)),
            attributes: Object.fromEntries(attributes),
            exit
          })
      }
      return span
    }
  })
  return { told, events, layer: Layer.setTracer(discreet(tracer)) }
}

class Refused extends Data.TaggedError("Refused")<{ readonly message: string }> {}

const words = ({ exit }: Told) =>
  Exit.isFailure(exit) ? Cause.pretty(exit.cause, { renderErrorCause: true }) : undefined

describe("a span", () => {
  it.effect("sends only the listed attributes", () =>
    Effect.gen(function* () {
      const { layer, told } = recorder()
      yield* Effect.void.pipe(
        Tracing.span("listener.start", {
          attributes: { instance: "shop", "url.full": "http://a/?key=secret", body: "secret" }
        }),
        Effect.annotateSpans("http.request.header.apikey", "secret"),
        Effect.provide(layer)
      )
      expect(told.map(({ attributes }) => attributes)).toEqual([{ instance: "shop" }])
    })
  )

  it.effect(
    "tells of an error its tag alone, of a defect that it was one, of the log nothing",
    () =>
      Effect.gen(function* () {
        const { events, layer, told } = recorder()
        const endings: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
          Effect.fail(new Refused({ message: "secret" })),
          Effect.fail("secret"),
          Effect.die(new Error("secret")),
          Effect.zipRight(Effect.logError("secret"), Effect.interrupt),
          Effect.succeed("secret")
        ]
        yield* Effect.forEach(endings, (ending) =>
          Effect.exit(Tracing.span("ingest.batch")(ending))
        ).pipe(Effect.provide(layer))
        expect(told.map(({ attributes }) => attributes["error.type"])).toEqual([
          "Refused",
          "error",
          "defect",
          undefined,
          undefined
        ])
        expect(told.map(words).join()).not.toContain("secret")
        expect(words(told[0] ?? expect.fail())).toBe("Refused: Refused")
        expect(events).toEqual([])
      })
  )

  it.effect(
    "that a library makes is not told, and what is within belongs to what is around it",
    () =>
      Effect.gen(function* () {
        const { layer, told } = recorder()
        yield* Effect.void.pipe(
          Tracing.span("backfill.page"),
          Effect.withSpan("sql.execute", { attributes: { "db.query.text": "secret" } }),
          Effect.withSpan("http.client GET"),
          Tracing.span("backfill.gap"),
          Effect.provide(layer)
        )
        expect(told.map(({ name, parent }) => [name, parent])).toEqual([
          ["backfill.page", "1 backfill.gap"],
          ["backfill.gap", undefined]
        ])
      })
  )

  it.effect("of a fiber that outlives its starter has no parent", () =>
    Effect.gen(function* () {
      const { layer, told } = recorder()
      const inner = Tracing.span("evolution.dial")(Effect.void)
      yield* inner.pipe(Tracing.apart, Tracing.span("listener.start"), Effect.provide(layer))
      expect(told.map(({ name, parent }) => [name, parent])).toEqual([
        ["evolution.dial", undefined],
        ["listener.start", undefined]
      ])
    })
  )
})

describe("a request", () => {
  const request = (route: string | undefined, status: number) =>
    Effect.void.pipe(
      Tracing.span("http.server GET", {
        kind: "server",
        attributes: {
          "http.request.method": "GET",
          "http.response.status_code": status,
          "url.path": "/instances/secret",
          ...(route !== undefined && { "http.route": route })
        }
      })
    )

  it.effect("is named by its route, and is an error from status 500 on", () =>
    Effect.gen(function* () {
      const { layer, told } = recorder()
      const requests = [
        request("/instances/:name", 200),
        request("/instances/:name", 404),
        request("/instances/:name", 503),
        request(undefined, 404)
      ]
      yield* Effect.all(requests).pipe(Effect.provide(layer))
      expect(told.map(({ name, exit }) => [name, Exit.isSuccess(exit)])).toEqual([
        ["GET /instances/:name", true],
        ["GET /instances/:name", true],
        ["GET /instances/:name", false],
        ["GET ?", true]
      ])
      expect(JSON.stringify(told)).not.toContain("secret")
    })
  )

  it.effect("to a health route is not sent", () =>
    Effect.gen(function* () {
      const { layer, told } = recorder()
      const quiet = ["/health/live", "/metrics", "/pages/base.css"]
      yield* Effect.forEach(quiet, (route) => request(route, 200)).pipe(Effect.provide(layer))
      expect(told).toEqual([])
      yield* Effect.provide(request("/healthy", 200), layer)
      expect(told).toHaveLength(1)
    })
  )
})
