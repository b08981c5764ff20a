import { Console, Effect } from "effect"
import { EventStore, Message } from "../../../src/mod.ts"

export const program = Effect.gen(function* () {
  const store = yield* EventStore.EventStore
  const events = yield* store.read({ after: 0, events: ["messages.upsert"], limit: 100 })
  for (const { data } of events) {
    const message = Message.view(data)
    if (message === null) continue
    const from = message.sender?.phone ?? message.sender?.lid ?? "we"
    yield* Console.log(`${from}: ${message.text ?? message.kind}`)
    if (message.kind === "audio" && message.isVoiceNote)
      yield* Console.log(`a voice note of ${message.media.seconds} s`)
  }
})
