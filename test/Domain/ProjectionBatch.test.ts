import { describe, expect, it } from "@effect/vitest"
import { DateTime, Either } from "effect"
import { decode } from "../../src/Domain/Event.ts"
import {
  InstanceName,
  type InstanceRecord,
  nothingObserved,
  type Qr
} from "../../src/Domain/Instance.ts"
import { project } from "../../src/Domain/Projection.ts"
import * as Scrub from "../../src/Domain/Scrub.ts"

const at = DateTime.unsafeMake(0)

const record = (name: string, qr: Qr | null = null): InstanceRecord => ({
  ...nothingObserved,
  qr,
  name: InstanceName.make(name),
  desired: "listening",
  desiredAt: at
})

const shown: Qr = {
  code: "2@old",
  base64: null,
  pairingCode: null,
  sequence: 1,
  receivedAt: at,
  expiresAt: DateTime.add(at, { seconds: 45 })
}

const event = (instance: string, name: string, data: unknown) =>
  Either.getOrThrow(
    decode(
      { name, payload: { event: name, instance, data }, receivedAt: 1_000 },
      "live",
      Scrub.unconfigured
    )
  )

const code = (instance: string, text: string) =>
  event(instance, "qrcode.updated", { qrcode: { code: text } })

const update = (instance: string, state: string) => event(instance, "connection.update", { state })

const asked = (instance: string, state: string, receivedAt: number) =>
  Either.getOrThrow(
    decode(
      { name: "x", payload: { event: "connection.update", instance, data: { state } }, receivedAt },
      "snapshot",
      Scrub.unconfigured
    )
  )

const projected = (
  records: ReadonlyArray<InstanceRecord>,
  ...events: Parameters<typeof project>[1]
) => project((name) => records.find((one) => one.name === name), events)

describe("project", () => {
  it("gives one change for each instance, folded over all its events", () => {
    const changes = projected(
      [record("shop-1"), record("shop-2")],
      update("shop-1", "connecting"),
      update("shop-2", "close"),
      code("shop-1", "2@a"),
      event("shop-2", "call", {}),
      code("shop-1", "2@b")
    )
    expect(changes.map(({ name, observed }) => [name, observed.whatsapp?.state])).toEqual([
      ["shop-1", "connecting"],
      ["shop-2", "close"]
    ])
    expect(changes[0]?.observed).toMatchObject({ qr: { code: "2@b" }, profile: { name: null } })
  })

  it("starts from the facts in the instance's row", () => {
    const known = { ...record("shop-1"), profile: { phone: "55", name: "Loja", pictureUrl: null } }
    expect(projected([known], update("shop-1", "close"))[0]?.observed).toMatchObject({
      profile: { phone: "55", name: "Loja" },
      whatsapp: { state: "close" }
    })
  })

  it("skips instances without a row", () => {
    const changes = projected([record("shop-1")], update("elsewhere", "open"), code("other", "2@x"))
    expect(changes).toEqual([])
  })

  it("looks up an instance only for an event that can change its facts", () => {
    const asked: Array<string> = []
    const known = (name: string) => void asked.push(name)
    project(known, [event("shop-1", "messages.upsert", {}), update("shop-2", "open")])
    expect(asked).toEqual(["shop-2"])
  })

  it("gives no change for no events", () => {
    expect(projected([record("shop-1")])).toEqual([])
  })

  it.each([
    ["a first code", record("shop-1"), [code("shop-1", "2@a")], true],
    ["another code", record("shop-1", shown), [code("shop-1", "2@a")], true],
    ["a scan", record("shop-1", shown), [update("shop-1", "open")], true],
    ["connecting", record("shop-1", shown), [update("shop-1", "connecting")], false],
    ["an open link without a code", record("shop-1"), [update("shop-1", "open")], false],
    [
      "a code before other events",
      record("shop-1"),
      [code("shop-1", "2@a"), update("shop-1", "connecting"), event("shop-1", "call", {})],
      true
    ],
    [
      "a code that is gone within the batch",
      record("shop-1"),
      [code("shop-1", "2@a"), update("shop-1", "open")],
      false
    ]
  ])("tells whether the code is another one: %s", (_, known, events, expected) => {
    expect(projected([known], ...events).map(({ qrChanged }) => qrChanged)).toEqual([expected])
  })

  it.each([
    ["a message", event("shop-1", "messages.upsert", {}), 0],
    ["a fact asked for before the one we have", asked("shop-1", "close", 500), 0],
    ["a fact asked for after it", asked("shop-1", "close", 2_000), 1],
    ["the same state once more", update("shop-1", "open"), 1]
  ])("gives a change only where something is another: %s", (_, one, expected) => {
    const [known] = projected([record("shop-1")], update("shop-1", "open"))
    const shop = { ...record("shop-1"), ...known?.observed }
    expect(projected([shop], one)).toHaveLength(expected)
  })
})
