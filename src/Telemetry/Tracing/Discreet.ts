/**
 * Filters spans, also those that libraries make: these have whole addresses, headers and SQL in them, and
 * errors quote requests. Only the names and attributes listed here are sent. An error is sent as its tag;
 * log lines are not sent.
 */
import { Cause, Context, Exit, Option, Predicate, Tracer } from "effect"

/** Attributes that hold neither a secret nor a user's text. */
const sent: ReadonlySet<string> = new Set([
  "backfill.fetched",
  "batch.events",
  "error.type",
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "instance",
  "url.template"
])

/** True for spans of requests to us, and for spans that this service names. */
const isSent = (name: string, kind: Tracer.SpanKind): boolean =>
  kind === "server" || /^(backfill|evolution|ingest|instance|listener)[. ]/.test(name)

/** True for routes that machines call every few seconds, and for files. */
const isQuiet = (route: unknown): boolean =>
  typeof route === "string" && /^\/(health|metrics|pages)\b/.test(route)

/** Passes filtered spans on to `tracer`. */
export const discreet = (tracer: Tracer.Tracer): Tracer.Tracer =>
  Tracer.make({
    context: (run, fiber) => tracer.context(run, fiber),
    span: (name, parent, context, links, startTime, kind) =>
      isSent(name, kind)
        ? veil(tracer.span(name, parent, context, [...links], startTime, kind))
        : mute(tracer.span(name, parent, skipped(context), [...links], startTime, kind))
  })

/** The children of a muted span belong to its parent. */
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
    if (sent.has(key)) span.attribute(key, value)
  },
  addLinks: (links) => span.addLinks(links),
  event: () => undefined,
  end: (endTime, exit) => {
    const { attributes, kind } = span
    const route = attributes.get("http.route")
    if (isQuiet(route)) return
    const error = errorOf(exit) ?? serverError(attributes.get("http.response.status_code"))
    if (error !== undefined) span.attribute("error.type", error)
    // The route, and so the span's name, is known only at the end of a request.
    if (kind === "server")
      Object.assign(span, { name: `${attributes.get("http.request.method")} ${route ?? "?"}` })
    span.end(endTime, error === undefined ? exit : Exit.die(new Untold(error)))
  }
})

/** Stands for an error, with nothing but its kind. */
class Untold extends Error {
  constructor(type: string) {
    super(type)
    this.name = type
    this.stack = ""
  }
}

/** The tag of the error; `undefined` after a success or an interruption. */
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
