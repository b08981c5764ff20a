import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Queue } from "effect"
import * as Handlers from "../../src/Delivery/Handlers.ts"
import { makeBus } from "../support/handlerBus.ts"

const key = { id: "3EB0A1", remoteJid: "5511988887777@s.whatsapp.net", fromMe: false }
const chat = { kind: "person", phone: "5511988887777" }
const message = { key, pushName: "Ana", message: { conversation: "oi" } }

describe("The event of a handler", () => {
  it.scoped("has a view of the message in it, and no other event has one", () =>
    Effect.gen(function* () {
      const { layer, publish } = yield* makeBus
      const heard = yield* Queue.unbounded<object>()
      const handler = Handlers.on(
        [
          "messages.upsert",
          "send.message",
          "messages.set",
          "messages.update",
          "messages.edited",
          "SEND_MESSAGE_UPDATE",
          "messages.delete",
          "chats.delete"
        ],
        (event) => heard.offer(event)
      )
      yield* Layer.build(Layer.provide(handler, layer))
      const view = { id: "3EB0A1", chat, text: "oi", pushName: "Ana" }
      const edit = { key, type: 14, editedMessage: { conversation: "olá" } }
      const edited = { kind: "edit", target: "3EB0A1", text: "olá" }
      yield* publish("messages.upsert", message)
      expect(yield* heard.take).toMatchObject({ data: message, message: view })
      yield* publish("send.message", message)
      expect(yield* heard.take).toMatchObject({ data: message, message: view })
      yield* publish("messages.set", [message])
      expect(yield* heard.take).toMatchObject({ data: [message], message: [view] })
      yield* publish("messages.update", { keyId: "3EB0A1", status: "READ" })
      expect(yield* heard.take).toMatchObject({ message: { id: "3EB0A1", progress: "read" } })
      yield* publish("messages.edited", edit)
      expect(yield* heard.take).toMatchObject({ data: edit, message: edited })
      yield* publish("send.message.update", edit)
      expect(yield* heard.take).toMatchObject({ data: edit, message: edited })
      yield* publish("messages.delete", key)
      expect(yield* heard.take).toMatchObject({ message: { id: "3EB0A1", chat } })
      yield* publish("chats.delete", [key.remoteJid])
      expect(yield* heard.take).not.toHaveProperty("message")
    })
  )
})
