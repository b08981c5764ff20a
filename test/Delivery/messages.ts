/** Messages for the tests of sinks. */

import { Either } from "effect"
import type { Outgoing } from "../../src/Delivery/Sink.ts"
import { decode, type EvolutionEvent, type LoggedEvent, logged } from "../../src/Domain/Event.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"

export const receivedAt = Date.UTC(2026, 10, 23, 16, 41, 20)

/** An event that Evolution sent. */
export const eventOf = (payload: object, id = 42): LoggedEvent =>
  logged(
    Either.getOrThrowWith(
      decode({ name: "", payload, receivedAt }, "live", Scrub.unconfigured),
      ({ reason }) => new Error(reason)
    ),
    id,
    "br"
  )

export const textEvent = eventOf({
  event: "messages.upsert",
  instance: "loja-1",
  data: { key: { id: "3EB0" }, message: { conversation: "Olá 🎂" } },
  date_time: "2026-11-23T13:41:19.990Z"
})

export const outgoing = (event: EvolutionEvent & LoggedEvent = textEvent): Outgoing => ({
  id: `evt_0a5f343e_${event.id}`,
  item: { _tag: "Event", event },
  previous: 41,
  attempt: 1,
  isReplay: false
})
