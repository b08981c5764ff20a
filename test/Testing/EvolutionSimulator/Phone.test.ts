import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Emitted, scopedSimulator } from "../../../src/Testing/mod.ts"

/** A simulator, the events it emits from now on, and a function that presses the phone's buttons. */
const phone = Effect.gen(function* () {
  const evolution = yield* scopedSimulator()
  const emitted: Array<Emitted> = []
  evolution.onEmit((one) => emitted.push(one))
  const call = async (method: string, path: string) => {
    const response = await fetch(`${evolution.url}/phone${path}`, { method })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  const press = (name: string, act: string) => call("POST", `/instances/${name}/${act}`)
  const cards = async () => JSON.parse((await call("GET", "/instances")).text)
  return { call, cards, emitted, evolution, press }
})

const withPhone = (
  body: (world: Effect.Effect.Success<typeof phone>) => Promise<void>
): Effect.Effect<void> =>
  Effect.scoped(Effect.flatMap(phone, (world) => Effect.promise(() => body(world))))

describe("the phone page", () => {
  it.live("is html, css and a script that asks its own host alone", () =>
    withPhone(async ({ call }) => {
      for (const [path, type] of [
        ["", "text/html"],
        ["/phone.css", "text/css"],
        ["/phone.js", "text/javascript"]
      ] as const) {
        const { headers, status, text } = await call("GET", path)
        expect([path, status, headers.get("content-type")]).toEqual([
          path,
          200,
          `${type}; charset=utf-8`
        ])
        expect(headers.get("content-security-policy")).toContain("default-src 'none'")
        expect(text).not.toMatch(/https?:\/\//)
      }
      expect((await call("GET", "/phone.ts")).status).toBe(404)
      expect((await call("GET", "/..%2fPhone.ts")).status).toBe(404)
    })
  )

  it.live("shows each instance with its state and the code it shows", () =>
    withPhone(async ({ cards, evolution }) => {
      evolution.add("shop")
      expect(await cards()).toEqual([
        { name: "shop", state: "close", profileName: null, phone: null, qr: null }
      ])
      evolution.instance("shop").state = "connecting"
      await evolution.showQr("shop")
      const picture = evolution.instance("shop").qr?.base64
      expect(await cards()).toMatchObject([{ state: "connecting", qr: { number: 1, picture } }])
    })
  )

  it.live("scans, gets messages, and logs out, after which it takes a code again", () =>
    withPhone(async ({ cards, emitted, evolution, press }) => {
      evolution.add("shop", { state: "connecting" })
      await evolution.showQr("shop")
      expect((await press("shop", "code")).status).toBe(200)
      expect(evolution.instance("shop").qrCount).toBe(2)

      expect((await press("shop", "scan")).status).toBe(200)
      expect(await cards()).toMatchObject([
        { state: "open", profileName: "Loja", phone: "5511999990001", qr: null }
      ])
      expect((await press("shop", "message?text=%3Cb%3Eol%C3%A1")).status).toBe(200)
      expect(emitted.at(-1)).toMatchObject({
        instance: "shop",
        event: "messages.upsert",
        data: { pushName: "Ana", message: { conversation: "<b>olá" } }
      })

      expect((await press("shop", "logout")).status).toBe(200)
      expect(await cards()).toMatchObject([{ state: "close", phone: null, qr: null }])
      const headers = { apikey: evolution.apiKey }
      await fetch(`${evolution.url}/instance/connect/shop`, { headers })
      expect(await cards()).toMatchObject([{ state: "connecting", qr: { number: 3 } }])
    })
  )

  it.live("says why a button does nothing", () =>
    withPhone(async ({ evolution, press }) => {
      evolution.add("shop")
      for (const act of ["scan", "code", "logout", "message", "dance"])
        expect([act, (await press("shop", act)).status]).toEqual([act, 409])
      expect((await press("nobody", "scan")).text).toContain("no instance")
    })
  )

  it.live("stops Evolution, which comes back by itself", () =>
    withPhone(async ({ call, evolution }) => {
      expect(JSON.parse((await call("POST", "/outage")).text)).toEqual({ millis: 20_000 })
      const alive = () => fetch(evolution.url).then((response) => response.ok)
      await expect.poll(() => alive().catch(() => false)).toBe(false)

      await evolution.start()
      await evolution.leave(100)
      await expect(alive()).rejects.toThrow()
      await expect.poll(() => alive().catch(() => false), { timeout: 5000 }).toBe(true)

      await evolution.leave(100)
      await evolution.stop()
      await new Promise((resolve) => setTimeout(resolve, 300))
      await expect(alive()).rejects.toThrow()
    })
  )
})
