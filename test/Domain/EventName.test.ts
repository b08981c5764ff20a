import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Schema } from "effect"
import { eventNames, settingsNames, toWireName } from "../../src/Domain/EventName.ts"

/** The list a real Evolution 2.3.6 gives an instance that was created with every event. */
const [instance] = Schema.decodeSync(
  Schema.parseJson(
    Schema.NonEmptyArray(
      Schema.Struct({ Websocket: Schema.Struct({ events: Schema.Array(Schema.String) }) })
    )
  )
)(readFileSync(join(import.meta.dirname, "../fixtures/rest-fetch-instances.json"), "utf8"))
const settingsOfEvolution = instance.Websocket.events

describe("EventName", () => {
  it("understands every name in Evolution's own settings", () => {
    const known: ReadonlyArray<string> = eventNames
    expect(settingsOfEvolution.length).toBeGreaterThan(30)
    expect(settingsOfEvolution.filter((name) => !known.includes(toWireName(name)))).toEqual([])
  })

  it("spells the settings' names as Evolution does, except the group event that Evolution misspells", () => {
    expect(settingsOfEvolution.filter((name) => !settingsNames.includes(name))).toEqual([
      "GROUP_UPDATE"
    ])
    expect(settingsNames).toContain("GROUPS_UPDATE")
  })

  it("gives each name once", () => {
    expect(new Set(settingsNames).size).toBe(eventNames.length)
  })

  it.each(eventNames)("leaves the wire name %s unchanged", (name) => {
    expect(toWireName(name)).toBe(name)
  })

  it.each([
    ["QRCODE_UPDATED", "qrcode.updated"],
    ["GROUP_PARTICIPANTS_UPDATE", "group-participants.update"],
    ["TYPEBOT_CHANGE_STATUS", "typebot.change-status"],
    ["SEND_MESSAGE_UPDATE", "send.message.update"],
    ["MESSAGING_HISTORY_SET", "messaging-history.set"],
    ["CALL", "call"],
    ["GROUP_UPDATE", "groups.update"],
    ["GROUPS_UPDATE", "groups.update"]
  ])("turns %s into %s", (settings, wire) => {
    expect(toWireName(settings)).toBe(wire)
  })

  it.each(["", "NEWSLETTER_UPDATE", "newsletter.update", "constructor", "Qrcode_Updated"])(
    "leaves a name it does not know as it is: %j",
    (name) => {
      expect(toWireName(name)).toBe(name)
    }
  )
})
