/**
 * Server-sent events, as every stream of ours speaks them.
 *
 * Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import { HttpServerResponse } from "@effect/platform"
import { Context, Deferred, Effect, Layer, Metric, Schedule, Stream } from "effect"
import * as Metrics from "../Telemetry/Metrics.ts"

/** Done when the service stops: streams end by themselves, and say so. */
export class Stopping extends Context.Tag("evolution-listener/Stopping")<
  Stopping,
  Deferred.Deferred<void>
>() {
  static readonly layer = Layer.scoped(
    Stopping,
    Effect.acquireRelease(Deferred.make<void>(), (stopping) =>
      Deferred.succeed(stopping, undefined)
    )
  )
}

/** Proxies give up on a connection that says nothing for a minute. */
export const heartbeatEvery = Schedule.spaced("15 seconds")

/** How soon a browser comes again, in ms. */
export const retry = "retry: 1000\n"

export const frame = (event: string, data: object): string =>
  `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/** Why we end a stream. */
export const farewell = (reason: string, message: string): string =>
  frame("bye", { reason, message })

/** What an answer of ours says of itself. */
export const options = {
  contentType: "text/event-stream",
  // nginx would hold events back until its buffer is full.
  headers: { "cache-control": "no-store", "x-accel-buffering": "no" }
} as const

export const respond = (frames: Stream.Stream<string>): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.stream(Stream.encodeText(counted(frames)), options)

const counted = <A, E, R>(frames: Stream.Stream<A, E, R>) => {
  const readers = Metrics.sseReaders({ stream: "pairing" })
  return Stream.unwrapScoped(
    Effect.as(
      Effect.acquireRelease(Metric.increment(readers), () => Metric.incrementBy(readers, -1)),
      frames
    )
  )
}
