/** Two numbers and what happened to them, for questions whose answers are known. */
import { SqlClient } from "@effect/sql"
import { Effect } from "effect"
import { names } from "../../../src/Storage/Views.ts"

/** The moment at which the questions are asked. */
export const now = "2026-11-30T12:00:00Z"

interface Told {
  readonly at: string
  readonly event: string
  readonly data: unknown
  readonly instance?: string
  readonly origin?: string
}

const seconds = (time: string) => Date.parse(time) / 1000

const ana = { remoteJid: "5511999990001@s.whatsapp.net", remoteJidAlt: "123456789012345@lid" }
/** Ana's chat as Evolution stores it. */
const hiddenAna = { remoteJid: ana.remoteJidAlt, remoteJidAlt: ana.remoteJid }
const bia = { remoteJid: "999999999999999@lid" }
const caio = { remoteJid: "5511999990003@s.whatsapp.net" }
const group = {
  remoteJid: "120363041234567890@g.us",
  participant: "888888888888888@lid",
  participantAlt: "5511999990004@s.whatsapp.net"
}

interface Words {
  readonly id: string
  readonly chat: Readonly<Record<string, string>>
  readonly message: unknown
  readonly by?: string
  /** By WhatsApp's clock; else the time of the event. */
  readonly sent?: string
}

const message = (
  at: string,
  { by, chat, id, message, sent = at }: Words,
  more: Partial<Told> = {}
): Told => ({
  at,
  event: "messages.upsert",
  data: {
    key: { id, fromMe: by === undefined, ...chat },
    ...(by === undefined ? {} : { pushName: by }),
    message,
    messageTimestamp: seconds(sent)
  },
  ...more
})

const receipt = (at: string, keyId: string, status: string): Told => ({
  at,
  event: "messages.update",
  data: { keyId, ...ana, fromMe: true, status }
})

const call = (at: string, id: string, status: string): Told => ({
  at,
  event: "call",
  data: { id, from: caio.remoteJid, chatId: caio.remoteJid, date: at, status, offline: false }
})

const stanza = (at: string, id: string, tag: string, reason?: string): Told => ({
  at,
  event: "call",
  data: {
    event: "CB:call",
    packet: {
      tag: "call",
      attrs: { from: caio.remoteJid },
      content: [{ tag, attrs: { "call-id": id, ...(reason === undefined ? {} : { reason }) } }]
    }
  }
})

const connection = (at: string, state: string, statusReason = 200): Told => ({
  at,
  event: "connection.update",
  data: { instance: "loja-1", state, statusReason }
})

const text = (conversation: string) => ({ conversation })
const photo = {
  ephemeralMessage: {
    message: {
      imageMessage: { mimetype: "image/jpeg", caption: "Este", fileLength: { low: 1000, high: 0 } }
    }
  }
}
const voice = { audioMessage: { mimetype: "audio/ogg", seconds: 7, ptt: true, fileLength: "500" } }
const thumb = { reactionMessage: { key: { id: "M3" }, text: "👍" } }

export const story: ReadonlyArray<Told> = [
  connection("2026-11-01T00:00:00Z", "connecting"),
  connection("2026-11-01T00:00:00Z", "open"),
  { ...connection("2026-11-02T00:00:00Z", "open"), origin: "snapshot" },
  message(
    "2026-11-03T10:00:00Z",
    { id: "M0", chat: ana, by: "Ana", message: text("oi"), sent: "2026-10-01T10:00:00Z" },
    { origin: "import" }
  ),
  connection("2026-11-20T00:00:00Z", "close", 428),
  connection("2026-11-20T06:00:00Z", "open"),
  message("2026-11-20T12:00:00Z", { id: "M1", chat: ana, by: "Ana", message: text("Bom dia") }),
  message("2026-11-20T12:00:30Z", { id: "M2", chat: ana, by: "Ana", message: text("Tem bolo?") }),
  message(
    "2026-11-20T12:05:00Z",
    { id: "M3", chat: ana, message: text("Temos") },
    { event: "send.message" }
  ),
  // The same message again, from Evolution's database, under the hidden address.
  message(
    "2026-11-20T12:30:00Z",
    { id: "M3", chat: hiddenAna, message: text("Temos"), sent: "2026-11-20T12:05:00Z" },
    { origin: "backfill" }
  ),
  message("2026-11-20T12:06:00Z", { id: "M4", chat: ana, by: "Ana", message: thumb }),
  receipt("2026-11-20T12:05:01Z", "M3", "SERVER_ACK"),
  receipt("2026-11-20T12:07:00Z", "M3", "READ"),
  receipt("2026-11-20T12:07:01Z", "M3", "DELIVERY_ACK"),
  message("2026-11-26T15:00:00Z", { id: "M5", chat: ana, by: "Ana Lima", message: photo }),
  message("2026-11-26T15:20:00Z", { id: "M6", chat: ana, message: voice }),
  receipt("2026-11-26T15:20:09Z", "M6", "DELIVERY_ACK"),
  message("2026-11-27T10:00:00Z", { id: "M7", chat: caio, message: text("Olá, Caio") }),
  message("2026-11-27T10:01:00Z", { id: "M8", chat: caio, message: text("Promoção") }),
  receipt("2026-11-27T10:01:09Z", "M8", "ERROR"),
  message("2026-11-29T20:00:00Z", { id: "M9", chat: bia, by: "Bia", message: text("Alguém aí?") }),
  message("2026-11-29T21:00:00Z", {
    id: "M10",
    chat: group,
    by: "Davi",
    message: text("Bom jogo")
  }),
  // 23:30 of the day before, in São Paulo. Another number may use the same id.
  message(
    "2026-11-25T02:30:00Z",
    { id: "M1", chat: caio, by: "Caio", message: text("oi") },
    { instance: "loja-2" }
  ),
  call("2026-11-28T10:00:00Z", "C1", "offer"),
  call("2026-11-28T10:00:05Z", "C1", "accept"),
  call("2026-11-28T11:00:00Z", "C2", "offer"),
  call("2026-11-28T11:00:45Z", "C2", "timeout"),
  call("2026-11-28T12:00:00Z", "C3", "offer"),
  stanza("2026-11-28T12:00:00Z", "C3", "offer"),
  call("2026-11-28T12:00:09Z", "C3", "terminate"),
  stanza("2026-11-28T12:00:09Z", "C3", "terminate", "accepted_elsewhere"),
  call("2026-11-28T13:00:00Z", "C4", "offer"),
  call("2026-11-28T13:00:07Z", "C4", "terminate"),
  call("2026-11-28T14:00:00Z", "C5", "offer"),
  call("2026-11-28T14:00:04Z", "C5", "reject")
]

/** `[cause, from, to, recovered, fetched]` */
const gaps: ReadonlyArray<readonly [string, string, string | null, boolean | null, number]> = [
  ["connection_lost", "2026-11-15T10:00:00Z", "2026-11-15T10:10:00Z", true, 3],
  ["connection_lost", "2026-11-16T10:00:00Z", "2026-11-16T10:01:00Z", false, 0],
  ["service_stopped", "2026-11-30T11:00:00Z", null, null, 0],
  ["import", "2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z", true, 1]
]

export const tell = (events: ReadonlyArray<Told>, server = "default") =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.forEach(
      events,
      ({ at, data, event, instance = "loja-1", origin = "live" }) => sql`
        insert into events (server, instance, event, data, received_at, origin)
        values (${server}, ${instance}, ${event}, ${JSON.stringify(data)}::jsonb, ${at}::timestamptz, ${origin})`,
      { discard: true }
    )
  )

export const known = Effect.fn(function* (server = "default") {
  const sql = yield* SqlClient.SqlClient
  yield* tell(story, server)
  for (const [cause, from, to, recovered, fetched] of gaps)
    yield* sql`
      insert into gaps (server, id, instance, "from", "to", cause, recovered, fetched)
      values (${server}, gen_random_uuid(), 'loja-1', ${from}::timestamptz, ${to}::timestamptz, ${cause}, ${recovered}, ${fetched})`
})

/** Asks a question of the documentation, which names the schema that the views of `public` have. */
export const ask = (question: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const [here] = yield* sql<{ views: string }>`select current_schema() || '_listener' as views`
    return yield* sql.unsafe<Readonly<Record<string, unknown>>>(
      question
        .replace(
          new RegExp(`\\blistener\\.(${names.join("|")}|version)\\b`, "g"),
          (_, name: string) =>
            here?.views === "public_listener" ? `listener.${name}` : `${here?.views}.${name}`
        )
        .replaceAll("now()", `timestamptz '${now}'`)
    )
  })
