import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { type View, view } from "../../../src/Domain/Message.ts"
import { databases } from "../../support/databases.ts"
import { ask, tell } from "./known.ts"

const directory = join(import.meta.dirname, "../../fixtures/messages")

interface Fixture {
  readonly data: unknown
}

const fixtures = readdirSync(directory).flatMap((name) => {
  const { data }: Fixture = JSON.parse(readFileSync(join(directory, name), "utf8"))
  return [data].flat().map((one, nth) => ({ name: `${name} ${nth}`, data: one }))
})

/** The columns of a message, from the view of `Domain/Message`. */
const columnsOf = (message: View) => {
  const media = "media" in message ? message.media : undefined
  return {
    id: message.id,
    chat: message.chat.phone ?? message.chat.jid.split("@")[0],
    chat_kind: message.chat.kind,
    sender_phone: message.sender?.phone ?? null,
    sender_lid: message.sender?.lid ?? null,
    sender_name: message.pushName,
    from_me: message.fromMe,
    kind: message.kind,
    text: message.text,
    media_type: media?.mimetype ?? null,
    media_name: media?.fileName ?? null,
    media_bytes: media?.size ?? null,
    media_seconds: media?.seconds ?? null,
    quoted_id: message.quoted?.id ?? null,
    sent_at: message.timestamp === null ? null : DateTime.toEpochMillis(message.timestamp) / 1000
  }
}

describe.each(databases)("listener.messages on %s", (_, database) => {
  it.live("tells of each kind of message what the library tells", () =>
    Effect.gen(function* () {
      expect(fixtures.length).toBeGreaterThan(60)
      yield* tell(
        fixtures.map(({ data, name }) => ({
          at: "2026-11-30T10:00:00Z",
          event: "messages.upsert",
          instance: name,
          data
        }))
      )
      const rows = yield* ask(`
        select instance, to_jsonb(one) as columns from (
          select instance, id, split_part(chat, '@', 1) as chat, chat_kind, sender_phone, sender_lid, sender_name,
            from_me, kind, text, media_type, media_name, media_bytes, media_seconds, quoted_id,
            extract(epoch from sent_at)::bigint as sent_at
          from listener.messages
        ) as one`)
      const found = new Map(rows.map(({ columns, instance }) => [instance, columns]))
      for (const { data, name } of fixtures) {
        const message = view(data)
        const expected = message === null ? undefined : { instance: name, ...columnsOf(message) }
        expect(found.get(name), name).toEqual(expected)
      }
    }).pipe(Effect.provide(database))
  )
})
