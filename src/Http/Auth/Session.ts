/**
 * Sign-in by a link: a ticket that works once within ten minutes is exchanged for a token of twelve hours.
 * So the key itself never stands in an address.
 */
import { randomBytes } from "node:crypto"
import { Clock, Context, Duration, Effect, Layer, Redacted } from "effect"
import { Unauthorized } from "../Api.ts"
import { type Issued, Tokens } from "./Tokens.ts"

export class Session extends Context.Tag("evolution-listener/Session")<
  Session,
  {
    /** A ticket for one `open` within ten minutes; belongs into a link as `/#ticket=…`. */
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
/** Unused tickets that are kept; beyond that, the oldest is dropped. */
const maxTickets = 100

const make = Effect.gen(function* () {
  const tokens = yield* Tokens
  /** The expiry of each ticket, in ms since 1970 UTC; oldest first. */
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
