import { readFileSync } from "node:fs"
import { join } from "node:path"
import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { names } from "../../../src/Storage/Views.ts"
import { databases } from "../../support/databases.ts"
import { ask, tell } from "./known.ts"

const at = "2026-11-30T10:00:00Z"
const jid = "5511999990001@s.whatsapp.net"

/** JSON texts, because JavaScript has no such numbers. */
const odd = [
  ..."null true 123 1e400 [] {} [[]] [{}] [null]".split(" "),
  '"text"',
  '"{\\"key\\":{\\"id\\":\\"A\\"}}"',
  '[{"key":{"id":"A","remoteJid":"a"}}]',
  ...["null", '"x"', "[]", '{"id":null,"remoteJid":null}', '{"id":[1],"remoteJid":{"a":1}}'].map(
    (key) => `{"key":${key},"message":"x"}`
  ),
  ...[
    "null",
    "[]",
    '"x"',
    "7",
    '{"conversation":{"a":1}}',
    '{"conversation":null}',
    '{"imageMessage":"x"}',
    '{"imageMessage":{"fileLength":1e400,"seconds":-1,"caption":[1]}}',
    '{"imageMessage":{"fileLength":{"low":"x","high":1e400},"seconds":"99999999999999999999"}}',
    '{"ephemeralMessage":[]}',
    '{"ephemeralMessage":{"message":[{"message":{}}]}}',
    '{"protocolMessage":{"type":{"a":1},"key":7}}'
  ].map((message) => `{"key":{"id":"M","remoteJid":"${jid}"},"message":${message}}`),
  ...[
    "1e400",
    "-1",
    "0",
    '""',
    '"x"',
    "{}",
    "[]",
    '{"low":1e400,"high":"x"}',
    '{"low":1}',
    "253402300800"
  ].map((time) => `{"key":{"id":"T","remoteJid":"${jid}"},"messageTimestamp":${time}}`),
  '{"keyId":7,"status":{"a":1}}',
  '{"id":{"a":1},"status":7,"from":[],"isVideo":"yes"}',
  '{"event":"CB:call","packet":{"content":"x","attrs":null}}',
  '{"event":"CB:call","packet":{"content":[{"tag":1,"attrs":{"call-id":5}}]}}',
  '{"state":{"a":1},"statusReason":1e400}',
  '{"state":7,"statusReason":"99999999999"}',
  '{"_tag":null}'
]

const events = [
  ...["messages.upsert", "send.message", "messages.update", "call", "listener.updated"],
  ...["instance.create", "qrcode.updated", "connection.update", "status.instance"],
  ...["logout.instance", "instance.delete", "remove.instance"]
]

/** Within a transaction, an index cannot be made beside writers. */
const script = readFileSync(join(import.meta.dirname, "../../../ops/sql/sent.sql"), "utf8").replace(
  "index concurrently",
  "index"
)

describe.each(databases)("the views on %s", (_, database) => {
  it.live("fail for no row, whatever its data is", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      // An index that computes the time of each message: it would refuse the row.
      yield* sql.unsafe(script)
      for (const json of odd)
        yield* sql`
          insert into events (instance, event, data, received_at, origin)
          select 'shop', event, ${json}::jsonb, ${at}::timestamptz, 'live'
          from unnest(${events}::text[]) as event`
      for (const name of names) {
        // Each column is computed, and written as text.
        const [row] = yield* ask(
          `select count(one::text)::int as count from listener.${name} as one`
        )
        expect(row, name).toEqual({ count: expect.any(Number) })
      }
      const times = yield* ask("select distinct sent_at from listener.messages where id = 'T'")
      expect(times).toEqual([{ sent_at: null }])
    }).pipe(Effect.provide(database))
  )

  it.live("read a time as a number, as digits and as two halves", () =>
    Effect.gen(function* () {
      const times = [1764000000, "1764000000", { low: 1764000000, high: 0, unsigned: true }]
      // The low half is signed: this one is of the year 2106.
      const late = { low: -1, high: 0, unsigned: true }
      yield* tell(
        [...times, late].map((messageTimestamp, nth) => ({
          at,
          event: "messages.upsert",
          data: { key: { id: `T${nth}`, remoteJid: jid }, messageTimestamp }
        }))
      )
      const rows = yield* ask(
        "select extract(epoch from sent_at)::bigint::text as second from listener.messages order by id"
      )
      expect(rows.map(({ second }) => second)).toEqual([
        ...times.map(() => "1764000000"),
        "4294967295"
      ])
    }).pipe(Effect.provide(database))
  )

  it.live("show copies of a message as one row, the first", () =>
    Effect.gen(function* () {
      const lid = "123456789012345@lid"
      const copy = (id: string, key: Record<string, unknown>, instance = "shop") => ({
        at,
        event: "messages.upsert",
        instance,
        data: { key: { id, ...key } }
      })
      yield* tell([
        copy("1-emitted-twice", { remoteJid: jid }),
        copy("1-emitted-twice", { remoteJid: jid, fromMe: false }),
        copy("2-two-addresses", { remoteJid: jid }),
        copy("2-two-addresses", { remoteJid: lid, remoteJidAlt: jid }),
        copy("3-stored-first", { remoteJid: lid }),
        copy("3-stored-first", { remoteJid: jid }),
        // Not copies.
        copy("4-direction", { remoteJid: jid, fromMe: true }),
        copy("4-direction", { remoteJid: jid }),
        copy("5-chat", { remoteJid: jid }),
        copy("5-chat", { remoteJid: "5511999990002@s.whatsapp.net" }),
        copy("6-person", { remoteJid: lid, remoteJidAlt: "5511999990002@s.whatsapp.net" }),
        copy("6-person", { remoteJid: jid }),
        copy("7-instance", { remoteJid: jid }),
        copy("7-instance", { remoteJid: jid }, "other")
      ])
      const rows = yield* ask(
        "select id, count(*)::int as count from listener.messages group by 1 order by 1"
      )
      expect(rows.map(({ count }) => count)).toEqual([1, 1, 1, 2, 2, 2, 2])
      const [first] = yield* ask(
        "select min(event_id)::int = max(event_id)::int as same, min(event_id)::int as id from listener.messages where id = '2-two-addresses'"
      )
      expect(first).toEqual({ same: true, id: 3 })
    }).pipe(Effect.provide(database))
  )

  it.live("name a person's chat by the phone where the event gives it", () =>
    Effect.gen(function* () {
      const lid = "123456789012345@lid"
      const keys = [
        { remoteJid: lid, remoteJidAlt: jid },
        { remoteJid: lid, previousRemoteJid: jid },
        { remoteJid: lid, senderPn: jid },
        // Our own phone, in a message of ours.
        { remoteJid: lid, senderPn: jid, fromMe: true },
        { remoteJid: lid },
        { remoteJid: "120363041234567890@g.us", participant: lid, participantAlt: jid }
      ]
      yield* tell(
        keys.map((key, nth) => ({
          at,
          event: "messages.upsert",
          data: { key: { id: `${nth}`, ...key } }
        }))
      )
      const rows = yield* ask(
        "select chat, sender_phone, sender_lid from listener.messages order by id"
      )
      const phone = "5511999990001"
      expect(rows).toEqual([
        { chat: jid, sender_phone: phone, sender_lid: lid },
        { chat: jid, sender_phone: phone, sender_lid: lid },
        { chat: jid, sender_phone: phone, sender_lid: lid },
        { chat: lid, sender_phone: null, sender_lid: null },
        { chat: lid, sender_phone: null, sender_lid: lid },
        { chat: "120363041234567890@g.us", sender_phone: phone, sender_lid: lid }
      ])
    }).pipe(Effect.provide(database))
  )

  it.live("have no column with data as it came, so no code and no media key", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const secret = "SECRET-OF-THE-FILE"
      const image = { mediaKey: secret, fileSha256: secret, jpegThumbnail: secret, caption: "a" }
      yield* tell([
        {
          at,
          event: "messages.upsert",
          data: {
            key: { id: "1", remoteJid: jid },
            message: { imageMessage: image, messageContextInfo: { messageSecret: secret } }
          }
        },
        { at, event: "qrcode.updated", data: { qrcode: { code: secret, pairingCode: secret } } },
        {
          at,
          event: "instance.create",
          data: { instanceName: "shop", hash: secret, token: secret }
        }
      ])
      yield* sql`
        insert into instances (name, desired, desired_at, qr_code, qr_pairing_code)
        values ('shop', 'listening', now(), ${secret}, ${secret})`
      for (const name of names) {
        const rows = yield* ask(`select one::text as row from listener.${name} as one`)
        expect(JSON.stringify(rows), name).not.toContain(secret)
      }
      const types = yield* sql<{ type: string }>`
        select distinct data_type as type from information_schema.columns
        where table_schema = current_schema() || '_listener' or table_schema = 'listener'
          and current_schema() = 'public'`
      expect(types.map(({ type }) => type)).not.toContain("jsonb")
      expect(types.length).toBeGreaterThan(3)
    }).pipe(Effect.provide(database))
  )

  it.live(
    "find copies of a message by an index, and messages of a time by the one of ops/sql/sent.sql",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`
        insert into events (instance, event, data, received_at, origin)
        select 'shop-' || n % 10, 'messages.upsert', jsonb_build_object('messageTimestamp', 1700000000 + n,
          'key', jsonb_build_object('id', 'M' || n, 'remoteJid', ${jid}::text)), ${at}::timestamptz, 'live'
        from generate_series(1, 2000) as n`
        const script = readFileSync(join(import.meta.dirname, "../../../ops/sql/sent.sql"), "utf8")
        yield* sql.unsafe(script.replace("concurrently", ""))
        yield* sql`analyze events`
        const plan = yield* sql.withTransaction(
          Effect.zipRight(
            sql`set local enable_seqscan = off`, // it is a small table
            ask(
              "explain select id from listener.messages where instance = 'shop-1' and sent_at >= now() - interval '1 day'"
            )
          )
        )
        const text = JSON.stringify(plan)
        expect(text).toMatch(/Index Scan using events_by_sent on events e /)
        expect(text).toMatch(/Index Scan using events_by_message on events earlier /)
      }).pipe(Effect.provide(database))
  )
})
