/**
 * Signing in by a link: a ticket that works once and soon, exchanged for a token that lasts a working
 * day. So the key itself never stands in an address.
 */
import { randomBytes } from "node:crypto"
import { Clock, Context, Duration, Effect, Layer, Redacted } from "effect"
import { Unauthorized } from "../Api.ts"
import { type Issued, Tokens } from "./Tokens.ts"

export class Session extends Context.Tag("evolution-listener/Session")<
  Session,
  {
    /** Good for one `open`, for ten minutes. Goes into a link as `/#ticket=…`. */
    readonly ticket: Effect.Effect<Redacted.Redacted>
    readonly open: (ticket: Redacted.Redacted) => Effect.Effect<Issued, Unauthorized>
  }
>() {
  static readonly layer = Layer.effect(
    Session,
    Effect.suspend(() => make)
  )
}

const ticketLifetime = Duration.minutes(10)
const sessionLifetime = Duration.hours(12)
/** Tickets that nobody has used yet; beyond, the oldest goes. */
const maxTickets = 100

const make = Effect.gen(function* () {
  const tokens = yield* Tokens
  /** Until when each is good, ms since 1970 UTC; oldest first. */
  const tickets = new Map<string, number>()
  return Session.of({
    ticket: Effect.map(Clock.currentTimeMillis, (now) => {
      const ticket = randomBytes(32).toString("base64url")
      tickets.set(ticket, now + Duration.toMillis(ticketLifetime))
      const [oldest] = tickets.keys()
      if (tickets.size > maxTickets && oldest !== undefined) tickets.delete(oldest)
      return Redacted.make(ticket)
    }),
    open: (given) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const until = tickets.get(Redacted.value(given)) ?? 0
        tickets.delete(Redacted.value(given))
        return until > now
          ? tokens.issue("session", "", sessionLifetime)
          : new Unauthorized({ message: "This sign-in link was used, or is too old: make another" })
      })
  })
})
