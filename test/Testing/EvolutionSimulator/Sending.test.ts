import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Emitted, type Settings, scopedSimulator } from "../../../src/Testing/mod.ts"

/** A simulator with a linked instance, a function that calls its REST, and what it emits from now on. */
const world = Effect.fn(function* (settings: Partial<Settings> = {}) {
  const evolution = yield* scopedSimulator(settings)
  evolution.addLinked("shop")
  const emitted: Array<Emitted> = []
  evolution.onEmit((one) => emitted.push(one))
  const call = async (path: string, body: object | string) => {
    const response = await fetch(`${evolution.url}${path}`, {
      method: "POST",
      headers: { apikey: evolution.apiKey, "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body)
    })
    return { status: response.status, body: JSON.parse(await response.text()) }
  }
  return { call, emitted, evolution }
})

const withWorld = (
  body: (made: Effect.Effect.Success<ReturnType<typeof world>>) => Promise<void>,
  settings: Partial<Settings> = {}
) => Effect.scoped(Effect.flatMap(world(settings), (made) => Effect.promise(() => body(made))))

const number = "5511988887777"
const message = (text: unknown) => ({ response: { message: [text] } })

describe("POST /message/sendText", () => {
  it.live("answers 201 with the message, emits it, and stores it", () =>
    withWorld(async ({ call, emitted, evolution }) => {
      const { body, status } = await call("/message/sendText/shop", { number, text: "Olá!" })
      expect(status).toBe(201)
      expect(body).toMatchObject({
        key: { remoteJid: `${number}@s.whatsapp.net`, fromMe: true },
        pushName: "Você",
        status: "PENDING",
        message: { conversation: "Olá!" },
        messageType: "conversation",
        instanceId: evolution.instance("shop").id,
        source: "web"
      })
      expect(emitted).toEqual([{ instance: "shop", event: "send.message", data: body }])
      expect(
        evolution
          .stored()
          .get("shop")
          ?.map(({ key }) => key)
      ).toEqual([body.key])
      expect(await evolution.nextSent("shop")).toMatchObject({
        number: 1,
        call: "sendText",
        to: `${number}@s.whatsapp.net`,
        text: "Olá!",
        id: body.key.id,
        body: { number, text: "Olá!" }
      })
    })
  )

  it.live("refuses what Evolution refuses, in its words", () =>
    withWorld(
      async ({ call, evolution }) => {
        const send = (body: object | string) => call("/message/sendText/shop", body)
        expect(await send({})).toMatchObject({
          status: 400,
          body: message([
            'instance requires property "number"',
            'instance requires property "text"'
          ])
        })
        expect(await send({ number: 55, text: "a" })).toMatchObject({
          status: 400,
          body: message(["Invalid format"])
        })
        expect((await send({ number, text: " " })).body).toMatchObject(message("Text is required"))
        expect(await send({ number: "+55 (11) 91111-1111", text: "a" })).toMatchObject({
          status: 400,
          body: message({ jid: "5511911111111@s.whatsapp.net", exists: false })
        })
        expect(await send("{")).toMatchObject({
          status: 400,
          body: { error: "Internal Server Error" }
        })
        evolution.logout("shop")
        expect(await send({ number, text: "a" })).toEqual({
          status: 500,
          body: {
            status: 500,
            error: "Internal Server Error",
            response: { message: "Connection Closed" }
          }
        })
        expect(evolution.sent()).toEqual([])
      },
      { notOnWhatsApp: ["5511911111111"] }
    )
  )
})

describe("the other messages", () => {
  it.live("are sent with what WhatsApp makes of them", () =>
    withWorld(async ({ call, evolution }) => {
      const send = (kind: string, body: object) => call(`/message/${kind}/shop`, body)
      const media = "https://example.com/pictures/1.png"
      await send("sendMedia", { number, mediatype: "image", media, caption: "Look" })
      await send("sendWhatsAppAudio", { number, audio: "AAAA" })
      await send("sendSticker", { number, sticker: media })
      const place = { latitude: -23.5, longitude: -46.6, name: "Sé", address: "Praça da Sé" }
      await send("sendLocation", { number: "120363000000000001@g.us", ...place })
      const key = { id: "M1", remoteJid: `${number}@s.whatsapp.net`, fromMe: false }
      await send("sendReaction", { key, reaction: "👍🏽" })
      expect(
        evolution.sent().map(({ call, data, text, to }) => [call, to, data.messageType, text])
      ).toEqual([
        ["sendMedia", `${number}@s.whatsapp.net`, "imageMessage", "Look"],
        ["sendWhatsAppAudio", `${number}@s.whatsapp.net`, "audioMessage", null],
        ["sendSticker", `${number}@s.whatsapp.net`, "stickerMessage", null],
        ["sendLocation", "120363000000000001@g.us", "locationMessage", null],
        ["sendReaction", `${number}@s.whatsapp.net`, "reactionMessage", "👍🏽"]
      ])
    })
  )

  it.live("are refused as Evolution refuses them", () =>
    withWorld(async ({ call }) => {
      const refused = async (kind: string, body: object) => {
        const { body: answer, status } = await call(`/message/${kind}/shop`, body)
        return [status, ...answer.response.message.flat()]
      }
      const media = { number, mediatype: "image" }
      const nothing = [400, "Owned media must be a url or base64"]
      expect(await refused("sendMedia", media)).toEqual(nothing)
      expect(await refused("sendMedia", { ...media, media: "http://localhost/1.png" })).toEqual(
        nothing
      )
      expect(await refused("sendMedia", { ...media, media: "data:image/png;base64,AAAA" })).toEqual(
        nothing
      )
      expect(await refused("sendMedia", { number, mediatype: "film", media: "AAAA" })).toEqual([
        400,
        "mediatype is not one of enum values: image,document,video,audio"
      ])
      expect(await refused("sendMedia", { number, mediatype: "document", media: "AAAA" })).toEqual([
        400,
        "For base64 the file name must be informed."
      ])
      expect(await refused("sendReaction", { key: { id: "M1" }, reaction: "👍👍" })).toEqual([
        400,
        'key requires property "remoteJid"',
        'key requires property "fromMe"'
      ])
      const key = { id: "M1", remoteJid: number, fromMe: false }
      expect(await refused("sendReaction", { key, reaction: "👍👍" })).toEqual([
        400,
        "Reaction must be a single emoji or empty string"
      ])
      expect((await refused("sendPoll", {}))[0]).toBe(501)
      expect((await call("/message/sendText/nobody", {})).status).toBe(404)
    })
  )
})

describe("POST /chat", () => {
  it.live("marks as read, shows presence, and knows who is on WhatsApp", () =>
    withWorld(
      async ({ call }) => {
        const read = { id: "M1", fromMe: false, remoteJid: `${number}@s.whatsapp.net` }
        expect(await call("/chat/markMessageAsRead/shop", { readMessages: [read] })).toEqual({
          status: 201,
          body: { message: "Read messages", read: "success" }
        })
        const bare = await call("/chat/markMessageAsRead/shop", { readMessages: [{ id: "M1" }] })
        expect(bare.status).toBe(400)
        const presence = { number, presence: "composing", delay: 0 }
        expect(await call("/chat/sendPresence/shop", presence)).toEqual({
          status: 201,
          body: { presence: "composing" }
        })
        const numbers = [number, "5511911111111"]
        expect((await call("/chat/whatsappNumbers/shop", { numbers })).body).toEqual([
          { jid: `${number}@s.whatsapp.net`, exists: true, number },
          { jid: "5511911111111@s.whatsapp.net", exists: false, number: "5511911111111" }
        ])
      },
      { notOnWhatsApp: ["5511911111111"] }
    )
  )
})

describe("nextSent", () => {
  it.live("gives each message once, in their order, and waits for the next", () =>
    withWorld(async ({ call, evolution }) => {
      evolution.addLinked("shop-2")
      const send = (name: string, text: string) =>
        call(`/message/sendText/${name}`, { number, text })
      const first = evolution.nextSent("shop-2")
      await send("shop", "a")
      await send("shop-2", "b")
      await send("shop", "c")
      expect((await first).text).toBe("b")
      expect((await evolution.nextSent()).text).toBe("a")
      expect((await evolution.nextSent()).text).toBe("c")
      evolution.reset()
      expect(evolution.sent()).toEqual([])
      expect(evolution.calls()).toEqual([])
    })
  )

  it.live("says what came instead", () =>
    withWorld(async ({ call, evolution }) => {
      await expect(evolution.nextSent("shop", 1)).rejects.toThrow(/No call has come/)
      await call("/message/sendText/shop", {})
      await expect(evolution.nextSent("shop", 1)).rejects.toThrow(
        /within 1 ms.*POST \/message\/sendText\/shop 400/
      )
    })
  )
})

describe("a person's message", () => {
  it.live("has the shape of a real one, and is answered", () =>
    withWorld(async ({ emitted, evolution }) => {
      const data = evolution.text("shop", number, "Olá!", { pushName: "Bruno" })
      expect(data).toMatchObject({
        key: { remoteJid: `${number}@s.whatsapp.net`, fromMe: false },
        pushName: "Bruno",
        status: "DELIVERY_ACK",
        message: { conversation: "Olá!" },
        messageType: "conversation",
        instanceId: evolution.instance("shop").id
      })
      expect(emitted).toEqual([{ instance: "shop", event: "messages.upsert", data }])
      const group = "120363000000000001@g.us"
      const inGroup = evolution.message("shop", number, { imageMessage: {} }, { group })
      expect(inGroup).toMatchObject({
        key: { remoteJid: group, participant: `${number}@s.whatsapp.net` },
        messageType: "imageMessage"
      })
      evolution.logout("shop")
      expect(() => evolution.text("shop", number, "?")).toThrow(/not linked/)
    })
  )

  it.live("is told of by its receiver's phone", () =>
    withWorld(async ({ call, emitted, evolution }) => {
      await call("/message/sendText/shop", { number, text: "Olá!" })
      evolution.acknowledge(await evolution.nextSent(), "READ")
      expect(emitted.at(-1)).toMatchObject({
        event: "messages.update",
        data: { remoteJid: `${number}@s.whatsapp.net`, fromMe: true, status: "READ" }
      })
    })
  )
})
