/** Answers each text of a person once, by Evolution's own REST. */
import { HttpClient, HttpClientRequest } from "@effect/platform"
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Config, Effect, Layer, Redacted } from "effect"
import { EvolutionListener, Handlers } from "evolution-listener"

const answer = (text: string) => `You wrote: ${text}`

const reply = Effect.gen(function* () {
  const url = yield* Config.url("EVOLUTION_API_URL")
  const key = yield* Config.redacted("EVOLUTION_API_KEY")
  const client = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)

  return Handlers.on("messages.upsert", ({ instance, message, origin }) => {
    const { chat, fromMe, kind, text } = message
    // An answer to a message that was missed for hours would surprise more than it helps.
    if (fromMe || origin !== "live") return Effect.void
    // Neither groups nor pictures.
    if (chat.kind !== "person" || kind !== "text" || text === null) return Effect.void
    return HttpClientRequest.post(
      new URL(`message/sendText/${encodeURIComponent(instance)}`, url)
    ).pipe(
      HttpClientRequest.setHeader("apikey", Redacted.value(key)),
      HttpClientRequest.bodyUnsafeJson({ number: chat.jid, text: answer(text) }),
      client.execute
    )
  })
})

Layer.unwrapEffect(reply).pipe(
  Layer.provide([EvolutionListener.layer, NodeHttpClient.layerUndici]),
  Layer.launch,
  NodeRuntime.runMain
)
