import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { scopedSimulator } from "../../../src/Testing/mod.ts"

const world = Effect.gen(function* () {
  const evolution = yield* scopedSimulator()
  const call = (method: string, path: string, body?: object | string, apikey = evolution.apiKey) =>
    Effect.promise(async () => {
      const response = await fetch(`${evolution.url}${path}`, {
        method,
        headers: { apikey, connection: "close" },
        ...(body === undefined
          ? {}
          : { body: typeof body === "string" ? body : JSON.stringify(body) })
      })
      return { status: response.status, body: JSON.parse(await response.text()) }
    })
  const drive = (method: string, path: string, body?: object | string) =>
    call(method, `/simulator${path}`, body)
  return { call, drive, evolution }
})

const number = "5511988887777"

describe("the simulator over HTTP", () => {
  it.scopedLive("lets a person write, and tells of what was sent", () =>
    Effect.gen(function* () {
      const { call, drive, evolution } = yield* world
      expect((yield* drive("POST", "/instances", { name: "Loja São João" })).body).toMatchObject({
        name: "Loja São João",
        id: evolution.instance("Loja São João").id
      })
      const at = `/instances/${encodeURIComponent("Loja São João")}`
      const written = yield* drive("POST", `${at}/messages`, {
        from: number,
        text: "Olá!",
        pushName: "Bia"
      })
      expect(written).toMatchObject({
        status: 200,
        body: { pushName: "Bia", message: { conversation: "Olá!" } }
      })
      const waiting = yield* Effect.fork(drive("GET", "/sent?after=0&wait=5000"))
      const sent = yield* call("POST", `/message/sendText/${encodeURIComponent("Loja São João")}`, {
        number,
        text: "Olá, Bia!"
      })
      const { body } = yield* waiting
      expect(body).toMatchObject([{ number: 1, instance: "Loja São João", text: "Olá, Bia!" }])
      expect((yield* drive("GET", "/sent?after=1")).body).toEqual([])
      const { id } = sent.body.key
      expect((yield* drive("POST", `${at}/acknowledge`, { id, status: "READ" })).status).toBe(200)
      expect((yield* drive("GET", "/calls")).body).toHaveLength(1)
      yield* drive("POST", "/reset")
      expect((yield* drive("GET", "/calls")).body).toEqual([])
    })
  )

  it.scopedLive("plays the phone", () =>
    Effect.gen(function* () {
      const { drive, evolution } = yield* world
      const emitted: Array<string> = []
      evolution.onEmit(({ event }) => emitted.push(event))
      yield* drive("POST", "/instances", { name: "shop", linked: false })
      evolution.instance("shop").state = "connecting"
      expect((yield* drive("POST", "/instances/shop/code")).body.code).toMatch(/^2@shop-1-/)
      yield* drive("POST", "/instances/shop/scan", { phone: number })
      expect(evolution.instance("shop").ownerJid).toBe(`${number}@s.whatsapp.net`)
      yield* drive("POST", "/instances/shop/events", { event: "call", data: { id: "1" } })
      yield* drive("POST", "/instances/shop/logout")
      yield* drive("POST", "/instances/shop/limit")
      yield* drive("POST", "/instances/shop/remove")
      expect(emitted).toEqual([
        "qrcode.updated",
        "connection.update",
        "connection.update",
        "call",
        "status.instance",
        "logout.instance",
        "connection.update",
        "qrcode.updated",
        "connection.update",
        "instance.delete",
        "remove.instance"
      ])
    })
  )

  it.scopedLive("causes every fault, and ends them", () =>
    Effect.gen(function* () {
      const { call, drive, evolution } = yield* world
      evolution.addLinked("shop")
      const faults = (body: object) => drive("POST", "/faults", body)
      yield* faults({ refuse: { status: 502, body: "{}" } })
      expect((yield* call("GET", "/")).status).toBe(502)
      yield* drive("DELETE", "/faults")
      expect((yield* call("GET", "/")).status).toBe(200)
      const lasting = {
        slow: { eventMillis: 5 },
        lose: { next: 1 },
        duplicate: { share: 0.5 },
        deafen: ["shop"],
        fallSilent: true,
        garble: "text"
      }
      expect(yield* faults(lasting)).toEqual({ status: 200, body: {} })
      yield* faults({ drop: true })
      yield* faults({ leave: 50 })
      const alive = () =>
        fetch(evolution.url, { headers: { connection: "close" } }).then(({ ok }) => ok)
      yield* Effect.promise(() => expect.poll(() => alive().catch(() => false)).toBe(false))
      yield* Effect.promise(() => expect.poll(() => alive().catch(() => false)).toBe(true))
    })
  )

  it.scopedLive("says what is wrong with a call", () =>
    Effect.gen(function* () {
      const { call, drive } = yield* world
      const status = Effect.fn(function* (method: string, path: string, body?: object | string) {
        const { body: answer, status } = yield* drive(method, path, body)
        return [status, answer.message]
      })
      expect((yield* call("GET", "/simulator", undefined, "wrong")).status).toBe(401)
      expect(yield* status("GET", "/nothing")).toEqual([404, "There is no GET /simulator/nothing"])
      expect(yield* status("POST", "/faults", "{")).toEqual([400, expect.any(String)])
      expect(yield* status("POST", "/faults", { lose: { nxt: 1 } })).toEqual([
        400,
        expect.stringContaining("nxt")
      ])
      expect(yield* status("POST", "/instances/shop/messages", { from: number })).toEqual([
        400,
        expect.stringContaining('either "text" or "content"')
      ])
      expect(
        yield* status("POST", "/instances/shop/messages", { from: number, text: "a" })
      ).toEqual([409, 'The simulator has no instance "shop"'])
      yield* drive("POST", "/instances", { name: "shop", linked: false })
      expect(
        yield* status("POST", "/instances/shop/messages", { from: number, text: "a" })
      ).toEqual([409, expect.stringContaining("is not linked")])
      expect((yield* status("GET", "/instances/%zz"))[0]).toBe(404)
    })
  )
})
