/** A bot that greets whoever writes "Olá". */
import { Effect } from "effect"
import { Handlers } from "../../../src/mod.ts"

interface Evolution {
  readonly url: string
  readonly apiKey: string
}

export const bot = (evolution: Evolution) =>
  Handlers.on("messages.upsert", ({ data, instance, message: { fromMe, pushName, text } }) =>
    fromMe || !text?.startsWith("Olá")
      ? Effect.void
      : send(evolution, instance, { number: data.key.remoteJid, text: `Olá, ${pushName}!` })
  )

const send = ({ apiKey, url }: Evolution, instance: string, body: object) =>
  Effect.tryPromise(() =>
    fetch(`${url}/message/sendText/${encodeURIComponent(instance)}`, {
      method: "POST",
      headers: { apikey: apiKey, "content-type": "application/json" },
      body: JSON.stringify(body)
    })
  )
