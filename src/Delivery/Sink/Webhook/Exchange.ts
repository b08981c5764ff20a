/** One request of HTTP and its answer, on undici's own interface: each layer above it costs as much as all of this. */
import type { Dispatcher } from "@effect/platform-node/Undici"

/** The answer is read so far, and what follows is dropped. */
const kept = 16 * 1024
/** A connection is given up rather than read beyond this. */
const drained = 1024 * 1024

export type Headers = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

export type Outcome =
  | {
      readonly _tag: "Answered"
      readonly status: number
      readonly headers: Headers
      /** Its beginning. */
      readonly body: ReadonlyArray<Buffer>
    }
  | { readonly _tag: "Failed"; readonly error: Error }
  | { readonly _tag: "Late" }

const abandoned = new Error("The request was abandoned")

/** Calls `done` once. `timeout`: milliseconds. Returns the way to abandon it, after which `done` is not called. */
export const exchange = (
  pool: Dispatcher,
  request: Dispatcher.DispatchOptions,
  timeout: number,
  done: (outcome: Outcome) => void
): (() => void) => {
  let control: Dispatcher.DispatchController | undefined
  let isAbandoned = false
  let isDone = false
  let answer: { readonly status: number; readonly headers: Headers } | undefined
  let size = 0
  const body: Array<Buffer> = []

  const finish = (outcome: Outcome) => {
    if (isDone) return
    isDone = true
    done(outcome)
  }
  // The status is the answer: what follows may be late or broken.
  const finishWith = (otherwise: Outcome) =>
    finish(answer === undefined ? otherwise : { _tag: "Answered", ...answer, body })
  const abandon = () => {
    isAbandoned = true
    clearTimeout(timer)
    control?.abort(abandoned)
  }
  const timer = setTimeout(() => {
    finishWith({ _tag: "Late" })
    abandon()
  }, timeout)

  pool.dispatch(request, {
    onRequestStart: (controller) => {
      control = controller
      if (isAbandoned) controller.abort(abandoned)
    },
    onResponseStart: (_controller, status, headers) => {
      // 1xx comes before the answer.
      if (status >= 200) answer = { status, headers }
    },
    onResponseData: (_controller, chunk) => {
      if (size < kept) body.push(chunk.subarray(0, kept - size))
      size += chunk.length
      if (size >= kept) finishWith({ _tag: "Late" })
      if (size > drained) abandon()
    },
    onResponseEnd: () => {
      clearTimeout(timer)
      finishWith({ _tag: "Late" })
    },
    onResponseError: (_controller, error) => {
      clearTimeout(timer)
      finishWith({ _tag: "Failed", error })
    }
  })

  return () => {
    isDone = true
    abandon()
  }
}

const closed: ReadonlySet<unknown> = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"])

/**
 * As `exchange`, but once more if the receiver closed a kept connection, which it may do at the moment at which a
 * request is on its way. The id makes the request idempotent (RFC 9112, 9.3.1). `opened`: the number of connections so far.
 */
export const exchangeOnKept = (
  pool: Dispatcher,
  request: Dispatcher.DispatchOptions,
  timeout: number,
  opened: () => number,
  done: (outcome: Outcome) => void
): (() => void) => {
  const [before, since] = [opened(), performance.now()]
  // None was opened since, so the request was on one of the others.
  const isKept = (outcome: Outcome) =>
    outcome._tag === "Failed" &&
    closed.has(Reflect.get(outcome.error, "code")) &&
    opened() === before
  let abandon = exchange(pool, request, timeout, (outcome) => {
    const left = timeout - (performance.now() - since)
    if (isKept(outcome) && left > 0) abandon = exchange(pool, request, left, done)
    else done(outcome)
  })
  return () => abandon()
}
