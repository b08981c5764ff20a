/** Counts wrong keys by address, and refuses an address that sends many. */
import type { HttpServerRequest } from "@effect/platform"
import { Clock, Context, Duration, Effect, Layer, Metric, Redacted } from "effect"
import { TooManyTries } from "../Api.ts"
import { type Forwarded, forwardedBy } from "../Forwarded.ts"

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
  static readonly layer = Layer.effect(
    Tries,
    Effect.suspend(() => Effect.map(forwardedBy, make))
  )
}

export const keysRefused = Metric.counter("evolution_listener_keys_refused", {
  description: "Wrong keys that were sent"
})

/** Wrong keys that an address may send in a window; further ones are refused until it ends. */
export const maxTries = 10
export const window = Duration.minutes(1)
/** The same for a connection's own address, which may be a proxy's; the caller's is what the proxy says. */
export const maxTriesOfPeer = 100
/** Addresses that are remembered; beyond that, the oldest is dropped. */
const maxAddresses = 10_000

interface Count {
  count: number
  readonly until: number
}

const make = ({ caller }: Forwarded): Tries["Type"] => {
  const addresses = new Map<string, Count>()

  const count = (address: string, now: number, more: number): Count => {
    const known = addresses.get(address)
    const tries =
      known !== undefined && known.until > now
        ? known
        : { count: 0, until: now + Duration.toMillis(window) }
    tries.count += more
    addresses.delete(address)
    addresses.set(address, tries)
    const [oldest] = addresses.keys()
    if (addresses.size > maxAddresses && oldest !== undefined) addresses.delete(oldest)
    return tries
  }

  return {
    failed: (request, given) =>
      Effect.gen(function* () {
        const { headers } = request
        // A request without any key is a mistake and not a guess.
        if (headers.apikey === undefined && headers.authorization === undefined) return
        const { address, peer } = caller(request)
        const now = yield* Clock.currentTimeMillis
        // Both headers are checked, and a caller that sends one leaves the other empty.
        const more = Redacted.value(given) === "" ? 0 : 1
        if (more > 0) yield* Metric.increment(keysRefused)
        const ofPeer = address === peer ? undefined : count(`proxy ${peer}`, now, more)
        const ofCaller = count(address, now, more)
        const tries = ofCaller.count > maxTries ? ofCaller : ofPeer
        if (tries === undefined || tries.count <= (tries === ofPeer ? maxTriesOfPeer : maxTries))
          return
        const retryAfterSeconds = Math.ceil((tries.until - now) / 1000)
        return yield* new TooManyTries({
          message: `Too many wrong keys came from your address: wait ${retryAfterSeconds} s`,
          retryAfterSeconds
        })
      })
  }
}
