/** Counts wrong keys by address, and refuses an address that sends many. */
import type { HttpServerRequest } from "@effect/platform"
import { Clock, Context, Duration, Effect, Layer, Metric, Option, Redacted } from "effect"
import { TooManyTries } from "../Api.ts"

export class Tries extends Context.Tag("evolution-listener/Tries")<
  Tries,
  {
    /**
     * Counts a wrong key, unless it is empty; fails if the address sent too many. Right keys are let in
     * all the same.
     */
    readonly failed: (
      request: HttpServerRequest.HttpServerRequest,
      given: Redacted.Redacted
    ) => Effect.Effect<void, TooManyTries>
  }
>() {
  static readonly layer = Layer.sync(Tries, () => make())
}

export const keysRefused = Metric.counter("evolution_listener_keys_refused", {
  description: "Wrong keys that were sent"
})

/** Wrong keys that an address may send in a window; further ones are refused until it ends. */
export const maxTries = 10
export const window = Duration.minutes(1)
/** Addresses that are remembered; beyond that, the oldest is dropped. */
const maxAddresses = 10_000

const make = (): Tries["Type"] => {
  const addresses = new Map<string, { count: number; readonly until: number }>()
  return {
    failed: ({ headers, remoteAddress }, given) =>
      Effect.gen(function* () {
        // A request without any key is a mistake and not a guess.
        if (headers.apikey === undefined && headers.authorization === undefined) return
        const address = Option.getOrElse(remoteAddress, () => "")
        const now = yield* Clock.currentTimeMillis
        const known = addresses.get(address)
        const tries =
          known !== undefined && known.until > now
            ? known
            : { count: 0, until: now + Duration.toMillis(window) }
        // Both headers are checked, and a caller that sends one leaves the other empty.
        if (Redacted.value(given) !== "") {
          tries.count++
          yield* Metric.increment(keysRefused)
        }
        addresses.delete(address)
        addresses.set(address, tries)
        const [oldest] = addresses.keys()
        if (addresses.size > maxAddresses && oldest !== undefined) addresses.delete(oldest)
        if (tries.count <= maxTries) return
        const retryAfterSeconds = Math.ceil((tries.until - now) / 1000)
        return yield* new TooManyTries({
          message: `Too many wrong keys came from your address: wait ${retryAfterSeconds} s`,
          retryAfterSeconds
        })
      })
  }
}
