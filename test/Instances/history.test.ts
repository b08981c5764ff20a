import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Simulator, textMessage } from "../../src/Testing/mod.ts"
import { sharedDatabase } from "../Listening/ListenerRegistry/database.ts"
import { one, serviceOn } from "./service.ts"

/** An instance that lived before the service: one message is older than a day, two are not. */
const lived = (simulator: Simulator) => {
  simulator.add(one, { state: "open", ownerJid: "5511999990001@s.whatsapp.net" })
  for (const hours of [30, 20, 2]) {
    const message = textMessage(`${hours} h ago`, { name: "Ana", phone: "5511988887777" })
    const messageTimestamp = message.messageTimestamp - hours * 3600
    simulator.emit(one, "messages.upsert", { ...message, messageTimestamp })
  }
}

describe("An instance that existed before the service", { timeout: 60_000 }, () => {
  const database = sharedDatabase()
  const service = serviceOn(database, { IMPORT_ON_START: "24h" }, lived)

  it.scopedLive("is listened to, and the last day's messages are imported once", () =>
    Effect.gen(function* () {
      const imports = ({ instances }: Effect.Effect.Success<typeof service>) =>
        Effect.map(instances.gaps(one, 10), (gaps) =>
          gaps.filter(({ cause }) => cause === "import")
        )
      const first = Effect.gen(function* () {
        const it = yield* service
        yield* it.hears(one, "messages.upsert")
        const done = yield* Effect.repeat(Effect.delay(imports(it), "5 millis"), {
          until: ([entry]) => entry?.recovered === true
        })
        const messages = yield* it.log.read({
          instance: one,
          events: ["messages.upsert"],
          limit: 9
        })
        return { done, messages }
      })
      const { done, messages } = yield* Effect.scoped(first)
      expect(done).toMatchObject([{ recovered: true, fetched: 2 }])
      expect(messages.map(({ data, origin }) => [data, origin])).toMatchObject([
        [{ message: { conversation: "20 h ago" } }, "import"],
        [{ message: { conversation: "2 h ago" } }, "import"]
      ])
      const again = yield* service
      yield* Effect.repeat(Effect.delay(again.registry.status(one), "5 millis"), {
        until: ({ _tag }) => _tag === "Listening"
      })
      expect(yield* imports(again)).toEqual(done)
    })
  )
})
