/**
 * What a span may tell, at one place, whoever made it: libraries write whole addresses, headers and SQL
 * into theirs, and errors quote what was sent. Only the names and attributes listed here go out; of an
 * error, its tag; of the log, nothing.
 */
import { Cause, Context, Exit, Option, Predicate, Tracer } from "effect"

/** Facts that hold no secret and nothing that somebody wrote. */
const told: ReadonlySet<string> = new Set([
  "backfill.fetched",
  "batch.events",
  "error.type",
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "instance",
  "url.template"
])

/** Requests to us, and what our own rooms name. */
const isTold = (name: string, kind: Tracer.SpanKind): boolean =>
  kind === "server" || /^(backfill|evolution|ingest|instance|listener)[. ]/.test(name)

/** Asked every few seconds by machines, or files. */
const isQuiet = (route: unknown): boolean =>
  typeof route === "string" && /^\/(health|metrics|pages)\b/.test(route)

/** Hands on to `tracer` what may be told. */
export const discreet = (tracer: Tracer.Tracer): Tracer.Tracer =>
  Tracer.make({
    context: (run, fiber) => tracer.context(run, fiber),
    span: (name, parent, context, links, startTime, kind) =>
      isTold(name, kind)
        ? veil(tracer.span(name, parent, context, [...links], startTime, kind))
        : mute(tracer.span(name, parent, skipped(context), [...links], startTime, kind))
  })

/** The children of such a span belong to its parent. */
const skipped = Context.add(Tracer.DisablePropagation, true)

// A span has its tag and its methods from a prototype, which spreading leaves behind.
const mute = (span: Tracer.Span): Tracer.Span => ({
  ...span,
  _tag: "Span",
  attribute: () => undefined,
  addLinks: () => undefined,
  event: () => undefined,
  end: () => undefined
})

const veil = (span: Tracer.Span): Tracer.Span => ({
  ...span,
  _tag: "Span",
  get status() {
    return span.status
  },
  attribute: (key, value) => {
    if (told.has(key)) span.attribute(key, value)
  },
  addLinks: (links) => span.addLinks(links),
  event: () => undefined,
  end: (endTime, exit) => {
    const { attributes, kind } = span
    const route = attributes.get("http.route")
    if (isQuiet(route)) return
    const error = errorOf(exit) ?? serverError(attributes.get("http.response.status_code"))
    if (error !== undefined) span.attribute("error.type", error)
    // A request's name is known when its route is.
    if (kind === "server")
      Object.assign(span, { name: `${attributes.get("http.request.method")} ${route ?? "?"}` })
    span.end(endTime, error === undefined ? exit : Exit.die(new Untold(error)))
  }
})

/** An error of which no more is told than what kind it was. */
class Untold extends Error {
  constructor(type: string) {
    super(type)
    this.name = type
    this.stack = ""
  }
}

/** The tag of what went wrong; `undefined`: nothing did, or it was given up. */
const errorOf = (exit: Exit.Exit<unknown, unknown>): string | undefined => {
  if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return undefined
  return Option.match(Cause.failureOption(exit.cause), {
    onNone: () => "defect",
    onSome: (error) =>
      Predicate.hasProperty(error, "_tag") && typeof error._tag === "string" ? error._tag : "error"
  })
}

const serverError = (status: unknown): string | undefined =>
  typeof status === "number" && status >= 500 ? String(status) : undefined
