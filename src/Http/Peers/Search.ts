/** Asks the owner of a server, whichever replica that is at the moment. */
import type { IncomingMessage } from "node:http"
import { HttpServerRequest } from "@effect/platform"
import { NodeHttpServerRequest } from "@effect/platform-node"
import { Data, Duration, Effect, type Scope } from "effect"
import { monotonicOf } from "../../Domain/Clock.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import type { OneServer, Owned } from "../../Instances/Servers.ts"
import { OutcomeUnknown, ServerUnowned } from "../Api.ts"
import { Hop, outward, unownedHeader } from "./Hop.ts"
import type { Owners } from "./Owners.ts"
import * as Wire from "./Wire.ts"

/** The time for which an owner is looked for. A planned handover takes less. */
const patience = Duration.seconds(2)
const lookEvery = Duration.millis(100)
export const retryAfterSeconds = 2

/** The replica that was asked does not own the server, and did nothing. */
class NotTheOwner extends Data.TaggedError("NotTheOwner")<{ readonly cause: Error }> {}

type Failure = Wire.NotReached | Wire.BrokeOff | NotTheOwner

/** The services of the server in this process, or the answer of the replica that owns it. */
export type Found<A> = { readonly here: Owned } | { readonly answer: A }

export interface Search {
  /** Asks whoever owns the server until one answers, as long as the request had no effect. `path`: with the query. */
  readonly owner: <A, R>(
    one: OneServer,
    path: string,
    read: (answer: IncomingMessage) => Effect.Effect<A, Wire.BrokeOff, R>
  ) => Effect.Effect<
    Found<A>,
    ServerUnowned | OutcomeUnknown,
    HttpServerRequest.HttpServerRequest | Scope.Scope | R
  >
}

export const unowned = ({ id }: OneServer) =>
  Effect.flatMap(Hop, (hop) => {
    hop.isUnowned = true
    return new ServerUnowned({
      message: `No replica owns the server "${id}" at the moment: try again in ${retryAfterSeconds} s`
    })
  })

export const outcomeUnknown = ({ id }: OneServer) =>
  new OutcomeUnknown({
    message: `The replica that owns the server "${id}" broke off: nobody knows whether this was done. Look before you ask again`
  })

/** `me`: the id of this replica. `credential`: its proof for the others. */
export const make = (
  me: string,
  credential: string,
  owners: Owners,
  wire: Wire.Wire
): Effect.Effect<Search> =>
  Effect.map(Effect.clock, (clock) => {
    const now = monotonicOf(clock)

    const ask = (to: URL, path: string) =>
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const { headers } = NodeHttpServerRequest.toIncomingMessage(request)
        const answer = yield* wire.send(to, {
          method: request.method,
          path,
          headers: outward(headers, request.remoteAddress, credential),
          body: Wire.isSafe(request.method) ? "" : yield* Effect.orDie(request.text)
        })
        if (answer.headers[unownedHeader] === undefined) return answer
        return yield* new NotTheOwner({ cause: new Error("It does not own the server") })
      })

    return {
      owner: (one, path, read) =>
        Effect.gen(function* () {
          const { method } = yield* HttpServerRequest.HttpServerRequest
          let until = now() + Duration.toMillis(patience)
          let isRenewed = false
          let maxAge: Duration.Duration | undefined
          for (;;) {
            const here = one.owned()
            if (here !== undefined) return { here }
            const owner = yield* owners.of(one.id, maxAge)
            if (owner !== undefined && owner.id !== me) {
              const asked = yield* Effect.flatMap(ask(owner.address, path), read).pipe(
                // An owner that stands still answers nothing, and loses the server.
                Effect.raceFirst(
                  Effect.zipRight(
                    owners.moved(one.id, owner),
                    new Wire.BrokeOff({ cause: new Error("The server has another owner") })
                  )
                ),
                Effect.map((answer) => ({ answer })),
                Effect.catchAll((failure: Failure) =>
                  Effect.as(
                    Effect.logDebug(
                      `The owner of the server "${one.id}" gave no answer: ${detailOf(failure.cause)}`
                    ),
                    failure
                  )
                )
              )
              if ("answer" in asked) return asked
              // A wait that broke off is begun anew, but not again and again.
              if (asked._tag !== "NotReached" && now() >= until && !isRenewed) {
                isRenewed = true
                until = now() + Duration.toMillis(patience)
              }
              if (asked._tag === "BrokeOff" && !Wire.isSafe(method))
                return yield* outcomeUnknown(one)
            }
            if (now() >= until) return yield* unowned(one)
            maxAge = lookEvery
            yield* Effect.sleep(lookEvery)
          }
        })
    }
  })
