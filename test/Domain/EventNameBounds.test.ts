import { describe, expect, it } from "@effect/vitest"
import {
  boundedName,
  eventNames,
  isEventName,
  ownEventNames,
  settingsForm
} from "../../src/Domain/EventName.ts"

describe("EventName", () => {
  it("knows Evolution's events and our own by their wire names", () => {
    for (const name of [...eventNames, ...ownEventNames]) expect(isEventName(name), name).toBe(true)
    for (const name of ["", "QRCODE_UPDATED", "other", "newsletter.update", "toString"])
      expect(isEventName(name), name).toBe(false)
  })

  it("puts unknown names together, so that an emitter cannot make a label for each", () => {
    expect(["call", "gap.updated", "newsletter.update", ""].map(boundedName)).toEqual([
      "call",
      "gap.updated",
      "other",
      "other"
    ])
  })

  it("replaces each dot and each hyphen in the form of the settings", () => {
    expect(settingsForm("group-participants.update.now")).toBe("GROUP_PARTICIPANTS_UPDATE_NOW")
  })
})
