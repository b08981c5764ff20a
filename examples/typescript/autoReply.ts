/** Answers each text of a person once, by Evolution's own REST. */

import { HttpClient, HttpClientRequest } from "@effect/platform"
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Config, Effect, Layer, Option, Redacted, Schema } from "effect"
import { EvolutionListener, Handlers } from "evolution-listener"

/** What the bot needs to know of a message. */
const Text = Schema.Struct({
  key: Schema.Struct({ remoteJid: Schema.String, fromMe: Schema.Boolean }),
  message: Schema.Struct({ conversation: Schema.String })
})

const answer = (text: string) => `You wrote: ${text}`

const reply = Effect.gen(function* () {
  const url = yield* Config.url("EVOLUTION_API_URL")
  const key = yield* Config.redacted("EVOLUTION_API_KEY")
  const client = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)

  return Handlers.on("messages.upsert", ({ data, instance, origin }) =>
    Option.match(Schema.decodeUnknownOption(Text)(data), {
      onNone: () => Effect.void, // a picture, a sticker, …
      onSome: ({ key: { fromMe, remoteJid }, message: { conversation } }) =>
        // An answer to a message that was missed for hours would surprise more than it helps.
        fromMe || origin !== "live"
          ? Effect.void
          : HttpClientRequest.post(
              new URL(`message/sendText/${encodeURIComponent(instance)}`, url)
            ).pipe(
              HttpClientRequest.setHeader("apikey", Redacted.value(key)),
              HttpClientRequest.bodyUnsafeJson({ number: remoteJid, text: answer(conversation) }),
              client.execute
            )
    })
  )
})

Layer.unwrapEffect(reply).pipe(
  Layer.provide([EvolutionListener.layer, NodeHttpClient.layerUndici]),
  Layer.launch,
  NodeRuntime.runMain
)
