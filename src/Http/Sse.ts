/**
 * Server-sent events: frames and headers that all streams share.
 *
 * Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import { HttpServerResponse } from "@effect/platform"
import { Context, Deferred, Effect, Layer, Metric, Schedule, Stream } from "effect"
import * as Metrics from "../Telemetry/Metrics.ts"

/** Done when the service stops: each stream then ends with a `bye`. */
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

/** Many proxies close a connection after a minute of silence. */
export const heartbeatEvery = Schedule.spaced("15 seconds")

/**
 * A comment, and no blank line after it: httpx-sse (its issue 35), r3labs/sse and others dispatch an event
 * without data at a blank line, once they know an id.
 */
export const heartbeat = ": heartbeat\n"

/** Makes a browser reconnect after a second. */
export const retry = "retry: 1000\n"

export const frame = (event: string, data: object): string =>
  `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/** The id of the next frame. A reader that reconnects sends it as `Last-Event-ID`. */
export const id = (cursor: number): string => `id: ${cursor}\n`

/** The last frame of a stream that we end. */
export const farewell = (reason: string, message: string): string =>
  frame("bye", { reason, message })

/** Content type and headers of every stream. */
export const options = {
  contentType: "text/event-stream",
  headers: {
    // A proxy that compresses would hold events back until its window is full.
    "cache-control": "no-store, no-transform",
    // Without this, nginx holds events back until its buffer is full.
    "x-accel-buffering": "no"
  }
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
