/** A bot that greets whoever writes "Olá". */
import { Effect, Schema } from "effect"
import { Handlers } from "../../../src/mod.ts"

const Text = Schema.Struct({
  key: Schema.Struct({ remoteJid: Schema.String, fromMe: Schema.Boolean }),
  pushName: Schema.String,
  message: Schema.Struct({ conversation: Schema.String })
})

interface Evolution {
  readonly url: string
  readonly apiKey: string
}

export const bot = (evolution: Evolution) =>
  Handlers.on("messages.upsert", ({ data, instance }) =>
    Effect.gen(function* () {
      const { key, message, pushName } = yield* Schema.decodeUnknown(Text)(data)
      if (key.fromMe || !message.conversation.startsWith("Olá")) return
      yield* send(evolution, instance, { number: key.remoteJid, text: `Olá, ${pushName}!` })
    })
  )

const send = ({ apiKey, url }: Evolution, instance: string, body: object) =>
  Effect.tryPromise(() =>
    fetch(`${url}/message/sendText/${encodeURIComponent(instance)}`, {
      method: "POST",
      headers: { apikey: apiKey, "content-type": "application/json" },
      body: JSON.stringify(body)
    })
  )
