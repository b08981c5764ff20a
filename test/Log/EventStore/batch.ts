/** What a batch is made of. */
import { randomUUID } from "node:crypto"
import type { EvolutionEvent, QuarantinedEvent } from "../../../src/Domain/Event.ts"
import { jsonText } from "../../support/jsonText.ts"

export const receivedAt = Date.UTC(2026, 0, 2, 3, 4, 5, 678)

export const event = (json: string, more: Partial<EvolutionEvent> = {}): EvolutionEvent => ({
  instance: "shop",
  event: "messages.upsert",
  json: jsonText(json),
  extra: null,
  lifeCycle: null,
  upstreamTime: null,
  receivedAt,
  origin: "live",
  ...more
})

export const quarantined = (more: Partial<QuarantinedEvent> = {}): QuarantinedEvent => ({
  instance: "shop",
  event: "call",
  reason: "data: is missing",
  json: jsonText('{"event":"call"}'),
  receivedAt,
  ...more
})

/** An empty batch, another one each time it is spread. */
export const nothing = {
  get key() {
    return randomUUID()
  },
  events: [],
  quarantined: [],
  changes: []
}
