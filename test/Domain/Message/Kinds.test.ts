/** Kinds and forms that are too rare, or too old, for a fixture of their own. */
import { DateTime } from "effect"
import { describe, expect, it } from "vitest"
import * as Message from "../../../src/Domain/Message.ts"

const key = { id: "3EB0A1", remoteJid: "5511999990001@s.whatsapp.net" }
const shown = (message: object, messageType?: string) => Message.view({ key, message, messageType })

describe("Message.view, by kind", () => {
  it.each([
    ["callLogMesssage", { durationSecs: "61", isVideo: false }, { isVideo: false, seconds: 61 }],
    [
      "scheduledCallCreationMessage",
      { callType: 2, title: "reunião" },
      { isVideo: true, text: "reunião" }
    ],
    ["scheduledCallCreationMessage", { callType: "VIDEO" }, { isVideo: true, text: null }],
    ["scheduledCallCreationMessage", { callType: 1 }, { isVideo: false }],
    [
      "bcallMessage",
      { mediaType: "VIDEO", caption: "ao vivo" },
      { isVideo: true, text: "ao vivo" }
    ],
    ["bcallMessage", { mediaType: 1 }, { isVideo: false }],
    ["call", { callKey: "[redacted]" }, { isVideo: false, seconds: null }]
  ])("shows a call: %s %j", (field, content, facts) => {
    expect(shown({ [field]: content })).toMatchObject({ kind: "call", ...facts })
  })

  it.each([
    ["pollCreationMessage"],
    ["pollCreationMessageV2"],
    ["pollCreationMessageV3"],
    ["pollCreationMessageV5"]
  ])("shows a poll: %s", (field) => {
    const poll = {
      name: "Dia?",
      options: [{ optionName: "sáb" }, {}, null],
      selectableOptionsCount: 0
    }
    const facts = { kind: "poll", text: "Dia?", options: ["sáb"], choices: 0 }
    expect(shown({ [field]: poll })).toMatchObject(facts)
  })

  it("shows a vote for nothing as an empty list, and no hash as a name", () => {
    const vote = (selectedOptions: unknown) =>
      shown({
        pollUpdateMessage: { pollCreationMessageKey: { id: "A" }, vote: { selectedOptions } }
      })
    expect(vote([])).toMatchObject({ kind: "pollVote", target: "A", options: [] })
    expect(vote([{ type: "Buffer" }, "dom"])).toMatchObject({ options: ["dom"] })
    expect(vote("dom")).toMatchObject({ options: null })
  })

  it.each([
    [1, true],
    ["PIN_FOR_ALL", true],
    [2, false],
    ["UNPIN_FOR_ALL", false]
  ])("shows a pin of type %s", (type, isPinned) => {
    const facts = { kind: "pin", target: "A", isPinned, text: null }
    expect(shown({ pinInChatMessage: { key: { id: "A" }, type } })).toMatchObject(facts)
  })

  it.each([
    [1, "edit"],
    ["EVENT_EDIT", "edit"],
    [2, "edit"],
    ["MESSAGE_EDIT", "edit"],
    [0, "unknown"],
    [undefined, "unknown"]
  ])("takes an encrypted message of type %s for %s", (secretEncType, kind) => {
    const message = { secretEncryptedMessage: { targetMessageKey: { id: "A" }, secretEncType } }
    expect(shown(message)).toMatchObject({ kind, text: null })
  })

  it("shows a reaction in a community's announcements, which is encrypted", () => {
    const message = { encReactionMessage: { targetMessageKey: { id: "A" }, encPayload: "AA==" } }
    expect(shown(message)).toMatchObject({ kind: "reaction", target: "A", text: null })
  })

  it("shows an edit of an edit by its last words, and gives up below", () => {
    const edit = (editedMessage: object) => ({
      protocolMessage: { key: { id: "A" }, type: 14, editedMessage }
    })
    const last = { conversation: "fim" }
    expect(shown(edit(edit(last)))).toMatchObject({ kind: "edit", target: "A", text: "fim" })
    expect(shown(edit(edit(edit(last))))).toMatchObject({ kind: "edit", text: null })
  })

  it("tells protocol's types from each other, also those without one", () => {
    const note = (content: object) => shown({ protocolMessage: content })
    expect(note({ key: { id: "A" } })).toMatchObject({ kind: "revoke", target: "A" })
    expect(note({ key: { id: "A" }, editedMessage: { conversation: "b" } })).toMatchObject({
      kind: "edit",
      text: "b"
    })
    expect(note({ key: { id: "A" }, type: 3 })).toMatchObject({ kind: "protocol", type: "3" })
    expect(note({})).toMatchObject({ kind: "protocol", type: null })
    expect(note({ type: {} })).toMatchObject({ kind: "protocol", type: null })
  })

  it("tells a live location by its field, and by its flag", () => {
    const at = { degreesLatitude: 1, degreesLongitude: 2, comment: "aqui" }
    expect(shown({ locationMessage: { ...at, isLive: true } })?.kind).toBe("liveLocation")
    expect(shown({ locationMessage: at })).toMatchObject({ kind: "location", text: "aqui" })
  })

  it("shows words of an audio without Evolution's prefix, and other words as they are", () => {
    const audio = (speechToText: unknown) => shown({ audioMessage: {}, speechToText })
    expect(audio("[audio] oi")).toMatchObject({ transcript: "oi", isVoiceNote: false })
    expect(audio("oi")).toMatchObject({ transcript: "oi" })
    expect(audio(1)).toMatchObject({ transcript: null })
    expect(shown({ audioMessage: { voice: true } })).toMatchObject({ isVoiceNote: true })
    expect(shown({ stickerMessage: { animated: true } })).toMatchObject({ isAnimated: true })
  })

  it("shows the times of an event, and none for 0 or for what is no time", () => {
    const event = (startTime: unknown, more = {}) => shown({ eventMessage: { startTime, ...more } })
    expect(event(1)).toMatchObject({ event: { startsAt: DateTime.unsafeMake(1000) } })
    expect(event(253_402_300_799)).toMatchObject({
      event: { startsAt: DateTime.unsafeMake("9999-12-31T23:59:59Z") }
    })
    for (const none of [0, -1, 253_402_300_800, "x", null])
      expect(event(none)).toMatchObject({ event: { startsAt: null } })
    expect(event(1, { endTime: "2", isCanceled: true, joinLink: "https://x" })).toMatchObject({
      event: {
        endsAt: DateTime.unsafeMake(2000),
        isCanceled: true,
        joinLink: "https://x",
        location: null
      }
    })
  })
})

describe("Message.view, of what businesses send", () => {
  const hydrated = {
    hydratedContentText: "Oi",
    hydratedButtons: [{ callButton: { displayText: "Ligar" } }, { index: 1 }]
  }
  const flow = {
    body: { text: "Oi" },
    carouselMessage: {
      cards: [
        { nativeFlowMessage: { buttons: [{ buttonParamsJson: '{"display_text":"Ligar"}' }] } }
      ]
    }
  }
  const buttons = { contentText: "Oi", buttons: [{ buttonText: { displayText: "Ligar" } }] }

  it.each([
    ["a hydrated template", { templateMessage: { hydratedTemplate: hydrated } }],
    ["a four-row template", { templateMessage: { hydratedFourRowTemplate: hydrated } }],
    ["a native template", { templateMessage: { interactiveMessageTemplate: flow } }],
    [
      "a structured message",
      { highlyStructuredMessage: { hydratedHsm: { hydratedTemplate: hydrated } } }
    ],
    ["a carousel", { interactiveMessage: flow }],
    ["buttons", { buttonsMessage: buttons }]
  ])("shows %s", (_, message) => {
    const facts = { kind: "template", text: "Oi", title: null, footer: null, options: ["Ligar"] }
    expect(shown(message)).toMatchObject(facts)
  })

  it("shows a template that it cannot read as one without words", () => {
    const facts = { kind: "template", text: null, options: [] }
    expect(shown({ templateMessage: { fourRowTemplate: {} } })).toMatchObject(facts)
    expect(shown({ highlyStructuredMessage: {} })).toMatchObject(facts)
  })

  it("shows no title of a button whose parameters are not JSON, or not an object", () => {
    const interactiveMessage = (buttonParamsJson: unknown) => ({
      interactiveMessage: { nativeFlowMessage: { buttons: [{ buttonParamsJson }] } }
    })
    for (const params of ["{", "null", '"x"', '{"display_text":1}', 7])
      expect(shown(interactiveMessage(params))).toMatchObject({ options: [] })
  })

  it("shows an amount in the currency's unit, and none that was not told", () => {
    expect(shown({ orderMessage: { totalAmount1000: "1500" } })).toMatchObject({
      order: { total: 1.5 }
    })
    expect(shown({ orderMessage: {} })).toMatchObject({ order: { total: null } })
  })

  it("takes a title of the Business channel for a choice, and its text for a text", () => {
    const conversation = { conversation: "Sim" }
    for (const type of ["interactiveMessage", "buttonMessage"])
      expect(shown(conversation, type)).toMatchObject({
        kind: "buttonReply",
        choice: null,
        text: "Sim"
      })
    expect(shown(conversation, "conversation")).toMatchObject({ kind: "text", text: "Sim" })
  })
})

describe("Message.view, of a kind that is not known", () => {
  it("names the field, and not what stands beside a message", () => {
    const beside = {
      messageContextInfo: {},
      senderKeyDistributionMessage: {},
      fastRatchetKeySenderKeyDistributionMessage: {}
    }
    expect(shown({ ...beside, newMessage: {} }, "messageContextInfo")).toMatchObject({
      type: "newMessage"
    })
    expect(shown({ ...beside, note: "text" }, "other")).toMatchObject({
      kind: "unknown",
      type: "other"
    })
    expect(shown({ imageMessage: "text" }, "toString")).toMatchObject({ type: "toString" })
  })
})
