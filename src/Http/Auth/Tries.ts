/** Counts wrong keys by address, and refuses an address that sends many. */
import type { HttpServerRequest } from "@effect/platform"
import { Context, Effect, Layer, Metric, Redacted } from "effect"
import { WrongKeys } from "../../Access/WrongKeys.ts"
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
    Effect.suspend(() => Effect.zipWith(forwardedBy, WrongKeys, make))
  )
}

export const keysRefused = Metric.counter("evolution_listener_keys_refused", {
  description: "Wrong keys that were sent"
})

/** Wrong keys that an address may send in a window; further ones are refused until it ends. */
export const maxTries = 10
/** The same for a connection's own address, which may be a proxy's; the caller's is what the proxy says. */
export const maxTriesOfPeer = 100
const make = ({ caller }: Forwarded, { count }: WrongKeys["Type"]): Tries["Type"] => ({
  failed: (request, given) =>
    Effect.gen(function* () {
      const { headers } = request
      // A request without any key is a mistake and not a guess.
      if (headers.apikey === undefined && headers.authorization === undefined) return
      const { address, peer } = caller(request)
      // Both headers are checked, and a caller that sends one leaves the other empty.
      const more = Redacted.value(given) === "" ? 0 : 1
      if (more > 0) yield* Metric.increment(keysRefused)
      const ofPeer = address === peer ? undefined : yield* count(`proxy ${peer}`, more)
      const ofCaller = yield* count(address, more)
      const tries = ofCaller.count > maxTries ? ofCaller : ofPeer
      if (tries === undefined || tries.count <= (tries === ofPeer ? maxTriesOfPeer : maxTries))
        return
      const retryAfterSeconds = Math.ceil(tries.left / 1000)
      return yield* new TooManyTries({
        message: `Too many wrong keys came from your address: wait ${retryAfterSeconds} s`,
        retryAfterSeconds
      })
    })
})
