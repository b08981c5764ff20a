/**
 * The body of Evolution's own webhook, field by field and in its order
 * (2.3.6, src/api/integrations/event/webhook/webhook.controller.ts, emit).
 */
import type { LoggedEvent } from "../../Domain/Event.ts"
import type { Item } from "../Sink.ts"
import { inEvolutionsForm } from "./Bytes.ts"
import { dataOf } from "./Data.ts"

/** Fields that the log does not have. `undefined` leaves one out, as Evolution does where it has none. */
export interface Beside {
  /** The instance's own address, `5511999990000@s.whatsapp.net`. */
  readonly sender: (server: string, instance: string) => string | undefined
  /** The address of the Evolution server. */
  readonly serverUrl: (server: string) => string | undefined
}

/** `messages.upsert` behind `/hook` is `/hook/messages-upsert`. */
export const pathOf = (path: string, event: string): string =>
  `${path.replace(/\/$/, "")}/${event.replace(/[._]/g, "-").toLowerCase()}`

const dataText = (event: LoggedEvent): string => inEvolutionsForm(event.event, dataOf(event))

/** Names of the events of the other items, by Evolution's rule. */
export const nameOf = (item: Item): string => {
  switch (item._tag) {
    case "Event":
      return item.event.event
    case "Missed":
      return "endpoint.missed"
    case "Test":
      return "webhook.test"
  }
}

interface Facts {
  readonly extra?: string | null
  readonly server: string
  readonly instance: string
  readonly data: string
  readonly time: string
}

const isoOf = (millis: number): string => new Date(millis).toISOString()

const factsOf = (item: Item, now: number): Facts => {
  switch (item._tag) {
    case "Event": {
      const { extra, instance, receivedAt, server, upstreamTime } = item.event
      const time = upstreamTime ?? isoOf(receivedAt)
      return { extra, server, instance, data: dataText(item.event), time }
    }
    case "Missed": {
      const { from, instance, server, to } = item
      const data = JSON.stringify({ server, instance, from, to, recovered: false })
      return { server, instance, data, time: isoOf(now) }
    }
    case "Test":
      return { server: "", instance: "", data: "{}", time: isoOf(item.at) }
  }
}

/** `destination`: the address of the endpoint. `apikey` is `null`, as from an Evolution that exposes no keys. */
export const bodyOf = (item: Item, destination: string, beside: Beside, now: number): string => {
  const { data, extra, instance, server, time } = factsOf(item, now)
  const optional = (name: string, value: string | undefined) =>
    value === undefined ? "" : `"${name}":${JSON.stringify(value)},`
  return (
    `{${extra == null || extra === "{}" ? "" : `${extra.slice(1, -1)},`}` +
    `"event":${JSON.stringify(nameOf(item))},"instance":${JSON.stringify(instance)},"data":${data},` +
    `"destination":${JSON.stringify(destination)},"date_time":${JSON.stringify(time)},` +
    `${optional("sender", beside.sender(server, instance))}` +
    `${optional("server_url", beside.serverUrl(server))}"apikey":null}`
  )
}
