import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { names } from "../../../src/Storage/Views.ts"
import { databases } from "../../support/databases.ts"
import { ask, known } from "./known.ts"

/** The page's rule for several servers. */
const ofServer = (query: string, server: string) =>
  query.replaceAll(/(?<!\()\bwhere (?!not from_me)/g, `where server = '${server}' and `)

const page = readFileSync(join(import.meta.dirname, "../../../docs/sql.md"), "utf8")

/** The page's questions, by their headings. */
const questions = new Map(
  [...page.matchAll(/^### (.+)\n\n```sql\n([\s\S]*?)```/gm)].map(([, title = "", query = ""]) => [
    title,
    query
  ])
)

/** The paragraphs about a view: from its name to the next one's. */
const sectionOf = (name: string) =>
  new RegExp(`^\`listener\\.${name}\`:[\\s\\S]*?(?=^\`listener|^## )`, "m")

/** Values as a person reads them: a date and an interval as Postgres writes them. */
const written = (query: string) =>
  `select to_jsonb(answer) as answer from (${query.trim().replace(/;$/, "")}) as answer`

const answers: Readonly<Record<string, ReadonlyArray<unknown>>> = {
  "Messages a day": [
    { instance: "loja-1", day: "2026-11-20", received: 2, sent: 1 },
    { instance: "loja-1", day: "2026-11-26", received: 1, sent: 1 },
    { instance: "loja-1", day: "2026-11-27", received: 0, sent: 2 },
    { instance: "loja-1", day: "2026-11-29", received: 2, sent: 0 },
    { instance: "loja-2", day: "2026-11-24", received: 1, sent: 0 }
  ],
  "Unanswered chats": [
    {
      instance: "loja-2",
      chat: "5511999990003@s.whatsapp.net",
      sender_name: "Caio",
      sent_at: "2026-11-25T02:30:00+00:00",
      text: "oi"
    },
    {
      instance: "loja-1",
      chat: "999999999999999@lid",
      sender_name: "Bia",
      sent_at: "2026-11-29T20:00:00+00:00",
      text: "Alguém aí?"
    }
  ],
  // From "Bom dia" 5 minutes, from the photo 20; Bia and Caio wait.
  "Time to the first answer": [
    { instance: "loja-1", questions: 3, answered: 2, median: "00:12:30" },
    { instance: "loja-2", questions: 1, answered: 0, median: null }
  ],
  "The busiest hours": [
    { weekday: 5, hour: 9, received: 3 },
    { weekday: 4, hour: 12, received: 1 },
    { weekday: 7, hour: 17, received: 1 },
    { weekday: 7, hour: 18, received: 1 }
  ],
  // Of 29 days and 12 hours, 6 hours were not.
  "Uptime of a number": [{ instance: "loja-1", up: "29 days 06:00:00", percent: 99.2 }],
  "Gaps, and what was recovered": [
    {
      instance: "loja-1",
      cause: "connection_lost",
      gaps: 2,
      lasted: "00:11:00",
      messages_fetched: 3,
      not_recovered: 1
    },
    {
      instance: "loja-1",
      cause: "service_stopped",
      gaps: 1,
      lasted: "01:00:00",
      messages_fetched: 0,
      not_recovered: 1
    }
  ],
  "Missed calls": [
    {
      began_at: "2026-11-28T11:00:00+00:00",
      caller: "5511999990003@s.whatsapp.net",
      outcome: "missed"
    },
    {
      began_at: "2026-11-28T13:00:00+00:00",
      caller: "5511999990003@s.whatsapp.net",
      outcome: "ended"
    }
  ],
  "The share of media": [
    { kind: "text", messages: 7, percent: 70, bytes: null },
    { kind: "audio", messages: 1, percent: 10, bytes: 500 },
    { kind: "image", messages: 1, percent: 10, bytes: 1000 },
    { kind: "reaction", messages: 1, percent: 10, bytes: null }
  ],
  // Ana wrote in October already.
  "New contacts a day": [
    { instance: "loja-1", day: "2026-11-27", contacts: 1 },
    { instance: "loja-1", day: "2026-11-29", contacts: 1 }
  ],
  "Delivery status of what was sent": [
    { status: "delivered", messages: 1 },
    { status: "failed", messages: 1 },
    { status: "pending", messages: 1 }
  ]
}

describe.each(databases)("the questions of the documentation on %s", (_, database) => {
  it.live(
    "have the answers that are known",
    () =>
      Effect.gen(function* () {
        yield* known()
        yield* ask("set timezone to 'UTC'")
        expect([...questions.keys()]).toEqual(Object.keys(answers))
        for (const [title, query] of questions) {
          const rows = yield* ask(written(query))
          expect([title, rows.map(({ answer }) => answer)]).toEqual([title, answers[title]])
        }
      }).pipe(Effect.provide(database)),
    60_000
  )

  it.live(
    "have the answers of one server where another has the same names and messages",
    () =>
      Effect.gen(function* () {
        for (const server of ["br", "eu"]) yield* known(server)
        yield* ask("set timezone to 'UTC'")
        for (const [title, query] of questions) {
          const ours = ofServer(query, "eu")
          expect(ours).not.toBe(query)
          const rows = yield* ask(written(ours))
          expect([title, rows.map(({ answer }) => answer)]).toEqual([title, answers[title]])
        }
      }).pipe(Effect.provide(database)),
    60_000
  )

  it.live("are about views whose columns the page names", () =>
    Effect.gen(function* () {
      for (const name of names) {
        const [section = ""] = page.match(sectionOf(name)) ?? []
        const named = [...section.matchAll(/`([a-z_]+)`/g)].map(([, code]) => code)
        const columns = yield* ask(`
          select attname::text as name from pg_attribute
          where attrelid = 'listener.${name}'::regclass and attnum > 0`)
        expect(columns.length, name).toBeGreaterThan(7)
        expect(
          columns.filter((column) => !named.includes(String(column.name))),
          name
        ).toEqual([])
      }
    }).pipe(Effect.provide(database))
  )
})
