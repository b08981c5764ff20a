/** A listener in a program of somebody else, and what it stores. */
import { SqlClient } from "@effect/sql"
import { Effect, Stream } from "effect"
import { EventBus } from "../../src/Log/EventBus.ts"
import type { Simulator } from "../../src/Testing/mod.ts"

/** Completes when the listener of the instance is on a link. */
const listening = (name: string) =>
  Effect.flatMap(EventBus, (bus) =>
    bus.after(0).pipe(
      Stream.filter(
        ({ event, instance, json }) =>
          event === "listener.updated" && instance === name && String(json).includes('"Listening"')
      ),
      Stream.take(1),
      Stream.runDrain
    )
  )

/** Lets a person write to an instance, and waits until the log has it. */
export const written = (simulator: Simulator, name: string, text: string) =>
  Effect.gen(function* () {
    yield* listening(name)
    const bus = yield* EventBus
    simulator.emit(name, "messages.upsert", {
      key: { id: text, remoteJid: "5511999990001@s.whatsapp.net", fromMe: false },
      message: { conversation: text },
      messageTimestamp: 1_700_000_000
    })
    yield* bus.after(0).pipe(
      Stream.filter(({ json }) => String(json).includes(text)),
      Stream.take(1),
      Stream.runDrain
    )
  })

/** The texts of the messages in the tables of a program's own client, in the log's order. */
export const stored = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql<{ text: string }>`
    select data -> 'message' ->> 'conversation' as text from events
    where event = 'messages.upsert' order by id`
).pipe(Effect.map((rows) => rows.map(({ text }) => text)))
