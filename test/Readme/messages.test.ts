import { describe, expect, it } from "@effect/vitest"
import type * as Message from "../../src/Domain/Message.ts"
import { blocksOf, codesIn, read, sectionOf, tablesOf } from "./pages.ts"

const page = "docs/messages.md"

/** The compiler knows if one is missing. */
const kinds: Record<Message.Kind, true> = {
  album: true,
  audio: true,
  buttonReply: true,
  call: true,
  contact: true,
  document: true,
  edit: true,
  event: true,
  flowReply: true,
  groupInvite: true,
  image: true,
  listReply: true,
  liveLocation: true,
  location: true,
  order: true,
  pin: true,
  placeholder: true,
  poll: true,
  pollVote: true,
  product: true,
  protocol: true,
  reaction: true,
  revoke: true,
  sticker: true,
  template: true,
  text: true,
  unknown: true,
  video: true
}

describe("The page about messages", () => {
  it("names every kind, and no other", () => {
    const rows = tablesOf(sectionOf(page, "## Kinds"), "| kind |")
    expect(rows.flatMap(([names = ""]) => codesIn(names)).sort()).toEqual(Object.keys(kinds))
  })

  // The compiler checks the file, and the formatter formats it.
  it("has a program that compiles against the library", () => {
    const programs = blocksOf(page, "ts").map((text) =>
      text.replaceAll('"evolution-listener"', '"../../../src/mod.ts"')
    )
    expect(programs).toEqual([read("test/Readme/programs/messages.ts")])
  })
})
