import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Either, JSONSchema, type Schema, SchemaAST } from "effect"
import * as EventCatalog from "../../src/Domain/EventCatalog.ts"
import { eventNames, ownEventNames, settingsForm } from "../../src/Domain/EventName.ts"
import { capturedIn, samplesOf } from "../support/eventSamples.ts"

const source = join(import.meta.dirname, "../../src")
const fixtures = join(import.meta.dirname, "../fixtures")
const frames = readdirSync(fixtures).filter((name) => name.endsWith(".ndjson"))

const accepts = (event: string, data: unknown) =>
  expect(EventCatalog.decode(event, data), event).toEqual(Either.right(data))
const pathsOf = (event: string, data: unknown) =>
  Either.match(EventCatalog.decode(event, data), {
    onLeft: ({ paths }) => paths,
    onRight: () => "accepted"
  })

describe("The catalogue", () => {
  it("has the events of Evolution and our own, and no other", () => {
    expect([...EventCatalog.names].sort()).toEqual([...eventNames, ...ownEventNames].sort())
  })

  it("accepts every captured event", () => {
    const captured = frames.filter((name) => name !== "phone-change.ndjson").flatMap(capturedIn)
    expect(captured.length).toBeGreaterThan(140)
    for (const [event, data] of captured) accepts(event, data)
    const changes = readFileSync(join(fixtures, "phone-change.ndjson"), "utf8").trim().split("\n")
    for (const line of changes) {
      const [event, data] = JSON.parse(line)
      accepts(event, data)
    }
  })

  it("accepts what Evolution's database gives for a back-fill", () => {
    for (const file of ["rest-find-messages.json", "rest-find-messages-range.json"]) {
      const { messages } = JSON.parse(readFileSync(join(fixtures, file), "utf8"))
      expect(messages.records.length).toBeGreaterThan(0)
      for (const record of messages.records) accepts("messages.upsert", record)
    }
  })

  it.each(EventCatalog.names)("accepts each sample of %s, and gives the same value", (event) => {
    const samples = samplesOf(event)
    expect(samples.length).toBeGreaterThan(0)
    for (const { data } of samples)
      expect(Either.getOrThrow(EventCatalog.decode(event, data))).toBe(data)
  })

  it("takes both forms of a name", () => {
    expect(EventCatalog.decode("CHATS_DELETE", [1])).toMatchObject({
      left: { event: "chats.delete" }
    })
    expect(EventCatalog.decode("GROUP_UPDATE", 1)).toMatchObject({
      left: { event: "groups.update" }
    })
    for (const event of eventNames) accepts(settingsForm(event), samplesOf(event)[0]?.data)
  })

  it("lets the data of other events pass", () => {
    accepts("custom.event", { four: 4 })
    accepts("toString", 5)
  })

  it.each(EventCatalog.names)("has a JSON Schema of %s, which allows more fields", (event) => {
    // A schema is invariant, so a union of schemas is none.
    const schema = EventCatalog.entries[event].schema as Schema.Schema<unknown>
    const text = JSON.stringify(JSONSchema.make(schema))
    expect(text).toContain(EventCatalog.entries[event].description.slice(0, 20))
    expect(text).not.toContain('"additionalProperties":false')
  })

  it.each(EventCatalog.names)("has a title, a description and a source of %s", (event) => {
    const { description, schema, since, source, title } = EventCatalog.entries[event]
    expect(SchemaAST.getTitleAnnotation(schema.ast)).toMatchObject({ value: title })
    expect(SchemaAST.getDescriptionAnnotation(schema.ast)).toMatchObject({ value: description })
    expect(description).toMatch(/\.$/)
    expect(source).toMatch(/^src\/.*\.ts, `\w/)
    expect(since).toMatch(/^(?:none|own|2\.\d\.\d)$/)
  })
})

describe("Data of another shape", () => {
  it("is refused where a program decides by it", () => {
    expect(pathsOf("connection.update", { state: "dozing" })).toEqual(["state"])
    expect(pathsOf("labels.association", { type: "add", labelId: "7" })).toEqual(["chatId"])
    expect(pathsOf("logout.instance", {})).toEqual(["data"])
    expect(pathsOf("messages.upsert", { key: { id: 7, remoteJid: "x" } })).toEqual(["key.id"])
    expect(pathsOf("chats.delete", ["a", { id: "b" }])).toEqual(["*"])
    expect(pathsOf("groups.upsert", [{ id: "x", participants: [{ admin: null }] }])).toEqual([
      "*.participants.*.id"
    ])
  })

  it("is accepted where it has other values of the same kind, or more fields", () => {
    accepts("call", { id: "A", date: "", status: "knocking", transport: { relay: [1] } })
    accepts("group-participants.update", { id: "g", action: "invite", participants: [] })
    accepts("contacts.upsert", [{ instanceId: "i", lid: "1@lid", labels: [{ id: 1 }] }])
  })

  it("is told of by its places, and never by its values", () => {
    const secret = "5511988887777@s.whatsapp.net"
    const presences = { [secret]: { lastKnownPresence: { was: secret } } }
    const drift = Either.getOrThrow(
      Either.flip(EventCatalog.decode("presence.update", { id: secret, presences }))
    )
    expect(drift.paths).toEqual(["presences.*.lastKnownPresence"])
    expect(drift.message).toBe(
      'The data of "presence.update" is not as this version knows it, at presences.*.lastKnownPresence'
    )
    expect(JSON.stringify(drift)).not.toContain("5511")
  })

  it("is told of by its first place in each form, as a long list of it would take long", () => {
    const group = { id: 1, subject: 2, participants: "6" }
    expect(pathsOf("groups.update", [group, group])).toEqual(["*.id"])
    expect(pathsOf("call", { id: "A", packet: 7 })).toEqual(["status", "event"])
  })
})

describe("What stands between the socket and the log", () => {
  it("does not use the catalogue, so that an event of any shape is stored, and as fast", () => {
    const sources = ["Evolution", "Listening", "Log", "Domain/Event"].flatMap((folder) =>
      readdirSync(join(source, folder), { encoding: "utf8", recursive: true })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => join(source, folder, name))
    )
    expect(sources.length).toBeGreaterThan(50)
    const users = sources.filter((path) => readFileSync(path, "utf8").includes("EventCatalog"))
    expect(users).toEqual([])
  })
})
