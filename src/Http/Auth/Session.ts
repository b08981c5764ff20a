/**
 * Sign-in by a link: a ticket that works once within ten minutes is exchanged for a token of twelve hours.
 * So the key itself never stands in an address.
 */
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto"
import { Context, Duration, Effect, Layer, Redacted } from "effect"
import { ApiKey } from "../../Access/ApiKey.ts"
import { Tickets } from "../../Access/Tickets.ts"
import type { DatabaseUnavailable } from "../../Domain/DatabaseUnavailable.ts"
import { Unauthorized } from "../Api.ts"
import { orUnavailable } from "../Handlers/Unavailable.ts"
import { type Issued, Tokens } from "./Tokens.ts"

export class Session extends Context.Tag("evolution-listener/Session")<
  Session,
  {
    /**
     * A ticket for one `open` within ten minutes; belongs into a link as `/#ticket=…`. It works at every replica, which
     * takes the database; a process alone needs none, and never fails.
     */
    readonly ticket: Effect.Effect<Redacted.Redacted, DatabaseUnavailable>
    readonly open: (
      ticket: Redacted.Redacted
    ) => Effect.Effect<Issued, Unauthorized | DatabaseUnavailable>
  }
>() {
  static readonly layer = Layer.effect(
    Session,
    Effect.suspend(() => make)
  )
}

const sessionLifetime = Duration.hours(12)

const make = Effect.gen(function* () {
  const { keep, take } = yield* Tickets
  const tokens = yield* Tokens
  const key = Redacted.value(yield* ApiKey)
  const secret = Buffer.from(hkdfSync("sha256", key, "", "evolution-listener tickets", 32))
  const signed = (text: string): string =>
    `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`

  /** An invented ticket is refused here: callers without a key do not reach the database. */
  const isOurs = (ticket: string): boolean => {
    const [given, expected] = [Buffer.from(ticket), Buffer.from(signed(ticket.split(".")[0] ?? ""))]
    return given.length === expected.length && timingSafeEqual(given, expected)
  }

  return Session.of({
    ticket: Effect.suspend(() => {
      const ticket = Redacted.make(signed(randomBytes(32).toString("base64url")))
      return Effect.as(orUnavailable(keep(ticket)), ticket)
    }),
    open: (given) =>
      Effect.if(
        isOurs(Redacted.value(given)) ? orUnavailable(take(given)) : Effect.succeed(false),
        {
          onTrue: () => tokens.issue("session", "", sessionLifetime),
          onFalse: () =>
            new Unauthorized({ message: "This sign-in link was used, or is too old: make another" })
        }
      )
  })
})
