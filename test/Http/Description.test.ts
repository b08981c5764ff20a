/** The description of the API, `/openapi.json`, against the API. */
import { OpenApi } from "@effect/platform"
import { Validator } from "@seriousme/openapi-schema-validator"
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import { DateTime, Predicate } from "effect"
import { describe, expect, it } from "vitest"
import { toLogged } from "../../src/Domain/Event.ts"
import * as EventCatalog from "../../src/Domain/EventCatalog.ts"
import { eventNames } from "../../src/Domain/EventName.ts"
import { InstanceName } from "../../src/Domain/Instance.ts"
import { Api } from "../../src/Http/Api.ts"
import { bye, hello, status, textOf } from "../../src/Http/Live/Frames.ts"
import { samplesOf } from "../support/eventSamples.ts"

const text = JSON.stringify(OpenApi.fromApi(Api))
const { components } = JSON.parse(text)

const ajv = new Ajv2020({ strict: false, validateFormats: false })
ajv.addSchema({ $id: "api", components })
const compiled = new Map<string, ValidateFunction>()
const accepts = (component: string): ValidateFunction => {
  const known = compiled.get(component)
  if (known !== undefined) return known
  const made = ajv.compile({ $ref: `api#/components/schemas/${component}` })
  compiled.set(component, made)
  return made
}

const received = DateTime.unsafeMake("2026-11-24T15:00:00.120Z")

const aMessage = toLogged({
  id: 7,
  server: "default",
  instance: "loja-1",
  event: "messages.upsert",
  data: { key: { id: "3EB0A1", remoteJid: "5511999990001@s.whatsapp.net" } },
  extra: null,
  upstreamTime: null,
  upstreamAt: null,
  receivedAt: received,
  origin: "backfill"
})

const record = (event: string, data: unknown) => ({
  id: 7,
  server: "default",
  instance: "loja-1",
  event,
  data,
  extra: null,
  upstreamTime: "2026-11-24T12:00:00.000Z",
  upstreamAt: "2026-11-24T15:00:00.000Z",
  receivedAt: "2026-11-24T15:00:00.120Z",
  origin: "live"
})

describe("The description of the API", () => {
  it("is a valid OpenAPI 3.1 document, of 320 KB at most", async () => {
    const validator = new Validator()
    expect(await validator.validate(JSON.parse(text))).toEqual({ valid: true })
    expect(validator.version).toBe("3.1")
    expect(text.length).toBeLessThan(320 * 1024)
  })

  it("refers to no schema that is not there, and gives no two schemas one id", () => {
    const referred = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name
    )
    expect(referred.filter((name = "") => !Object.hasOwn(components.schemas, name))).toEqual([])
    expect(text).not.toContain('"$id"')
  })

  it("says of each `server` in a query the same", () => {
    const parameters = Object.values<Record<string, { parameters: Array<{ name: string }> }>>(
      JSON.parse(text).paths
    ).flatMap((methods) => Object.values(methods).flatMap((operation) => operation.parameters))
    const servers = parameters.filter(({ name }) => name === "server")
    expect(servers.length).toBeGreaterThan(17)
    for (const one of servers)
      expect(one).toEqual({
        name: "server",
        in: "query",
        required: false,
        schema: { $ref: "#/components/schemas/ServerId" },
        description: expect.stringContaining("Without it, an instance is that of `default`")
      })
  })

  it.each(EventCatalog.names)("types the data of %s by the name", (event) => {
    const { mapping } = components.schemas.EventRecord.discriminator
    const component = mapping[event].split("/").at(-1)
    expect(components.schemas[component].properties.event.enum).toEqual([event])
    const isRecord = accepts("EventRecord")
    for (const { data } of samplesOf(event)) {
      expect(isRecord(record(event, data)), JSON.stringify(isRecord.errors)).toBe(true)
      expect(accepts(component)(record(event, data))).toBe(true)
    }
  })

  it.each(eventNames)("takes fields that a later version of Evolution adds to %s", (event) => {
    const isRecord = accepts("EventRecord")
    for (const { data } of samplesOf(event))
      if (Predicate.isRecord(data))
        expect(isRecord(record(event, { ...data, tomorrow: 1 })), event).toBe(true)
  })

  it("leaves the data of any other event untyped", () => {
    const isRecord = accepts("EventRecord")
    for (const data of [null, [], { a: 1 }, "text"])
      expect(isRecord(record("hologram.update", data))).toBe(true)
    expect(isRecord(record("messages.upsert", { message: {} }))).toBe(false)
    expect(accepts("OtherEvent")(record("messages.upsert", {}))).toBe(false)
  })

  const fieldsOf = (frame: string) =>
    Object.fromEntries(
      frame
        .trim()
        .split("\n")
        .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(": ") + 2)])
    )

  it.each([
    ["HelloFrame", hello(true, 7)],
    [
      "StatusFrame",
      status(
        {
          name: InstanceName.make("loja-1"),
          state: { _tag: "Listening", attempt: 1, generation: 1, since: received }
        },
        "default"
      )
    ],
    ["ByeFrame", bye("too_slow")],
    ["EventFrame", textOf([aMessage])]
  ])("describes the frame %s as it is sent", (component, frame) => {
    const fields = fieldsOf(frame)
    const isFrame = accepts(component)
    expect(isFrame(fields), JSON.stringify(isFrame.errors)).toBe(true)
    const { contentSchema } = components.schemas[component].properties.data
    ajv.removeSchema("data").addSchema({ $id: "data", components, data: contentSchema })
    expect(ajv.compile({ $ref: "data#/data" })(JSON.parse(fields.data ?? ""))).toBe(true)
  })
})
