import { describe, expect, it } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Redacted } from "effect"
import type { Page } from "playwright-core"
import { ApiKey } from "../../../src/Access/ApiKey.ts"
import { Tokens } from "../../../src/Http/Auth/Tokens.ts"
import { eventually, inBrowser } from "../../support/Browser/Suite.ts"
import { visit } from "../../support/Browser.ts"
import { readQr, readShownQr } from "../../support/QrReader.ts"
import { key } from "../Service.ts"
import { useWorld } from "./useWorld.ts"
import { pairingPath, rowOf, secondsOf } from "./World.ts"

const issue = (tokens: Tokens["Type"], lifetime: Duration.DurationInput) =>
  Effect.runPromise(tokens.issue("pairing", "escondida", Duration.decode(lifetime)))

/** Tokens of a service with another key. */
const elsewhere = Effect.runPromise(
  Effect.map(
    Layer.build(
      Tokens.layer.pipe(Layer.provide(Layer.succeed(ApiKey, Redacted.make("another-key"))))
    ),
    Context.get(Tokens)
  ).pipe(Effect.scoped)
)

const sentence = "This link is not valid any more."

/** Every answer's body, from now on. */
const overhear = (page: Page) => {
  const answers: Array<Promise<string>> = []
  page.on("response", (response) =>
    answers.push(response.text().catch((error) => `unreadable: ${error}`))
  )
  return async () => (await Promise.all(answers)).join("\n")
}

const world = useWorld()

describe("a code as a picture", () => {
  const picture = async (path: string, accept = "*/*") => {
    const response = await fetch(`${world().url}${path}`, { headers: { apikey: key, accept } })
    expect(response.status).toBe(200)
    expect(response.headers.get("cache-control")).toBe("no-store")
    return { type: response.headers.get("content-type"), bytes: await response.arrayBuffer() }
  }

  it("is a PNG that reads back to the same code, drawn by Evolution or by us", async () => {
    const { evolution } = world()
    await world().create("foto")
    for (const [path, accept] of [
      ["/instances/foto/qrcode", "image/png"],
      ["/instances/foto/qrcode?format=png", "*/*"]
    ] as const) {
      const { bytes, type } = await picture(path, accept)
      expect(type).toBe("image/png")
      expect(readQr(new Uint8Array(bytes))).toBe(evolution.instance("foto").qr?.code)
    }

    evolution.emit("foto", "qrcode.updated", {
      qrcode: { instance: "foto", pairingCode: null, code: "2@drawn-by-us", base64: null }
    })
    await eventually(async () =>
      readQr(new Uint8Array((await picture("/instances/foto/qrcode", "image/png")).bytes))
    ).toBe("2@drawn-by-us")
  })

  inBrowser("as SVG", () => {
    it("reads back to the same code as a browser draws it", async () => {
      await world().create("vetor")
      const { bytes, type } = await picture("/instances/vetor/qrcode", "image/svg+xml")
      expect(type).toMatch(/^image\/svg\+xml/)
      const source = `data:image/svg+xml;base64,${Buffer.from(bytes).toString("base64")}`
      await visit({ origins: [], deviceScaleFactor: 2 }, async (page) => {
        await page.setContent(`<img alt="code" width="400" src="${source}">`)
        const code = await readShownQr(page.getByRole("img", { name: "code" }))
        expect(code).toBe(world().evolution.instance("vetor").qr?.code)
      })
    })
  })
})

inBrowser("the page behind a pairing link", () => {
  it("shows the live code, the next one, and the number that is connected", async () => {
    const { evolution } = world()
    await world().create("cliente", "5511999990003")
    const path = await pairingPath(world(), "cliente")
    await world().look(
      path,
      async (page) => {
        const image = page.getByRole("img", { name: "QR code" })
        await image.waitFor()
        await eventually(() => readShownQr(image)).toBe(evolution.instance("cliente").qr?.code)
        await page.getByText("ABCD").waitFor()
        expect(await page.getByRole("listitem").count()).toBe(3)
        await eventually(() => secondsOf(page.getByRole("timer"))).toBeLessThanOrEqual(43)

        const next = await evolution.showQr("cliente")
        await eventually(() => readShownQr(image)).toBe(next)
        await eventually(() => secondsOf(page.getByRole("timer"))).toBeGreaterThanOrEqual(44)

        evolution.scan("cliente")
        await page.getByRole("status").getByText("Connected as +55").waitFor()
        expect(await image.isVisible()).toBe(false)
        expect(await page.getByRole("link").count()).toBe(0)
      },
      { deviceScaleFactor: 2 }
    )
  })

  it("opens by a link from the dashboard's button without a key", async () => {
    await world().create("convite")
    let link = ""
    await world().visit("/", async (page) => {
      await rowOf(page, "convite").getByRole("button", { name: "Copy pairing link" }).click()
      const dialog = page.getByRole("dialog", { name: "Pairing link of convite" })
      link = await dialog.getByRole("textbox", { name: "Link" }).inputValue()
    })
    await world().look(link.replace(world().url, ""), async (page) => {
      await page.getByRole("img", { name: "QR code" }).waitFor()
      expect(await page.getByText("convite").count()).toBe(0)
    })
  })

  it("shows and gives away nothing for a link that is not valid", async () => {
    await world().create("escondida")
    const tokens = Context.get(world().context, Tokens)
    const { token } = await issue(tokens, "1 hour")
    const [head, claims = "", signature] = token.split(".")
    const forged = JSON.parse(Buffer.from(claims, "base64url").toString())
    const stretched = Buffer.from(JSON.stringify({ ...forged, exp: forged.exp + 60 }))
    const session = await Effect.runPromise(tokens.issue("session", "escondida", Duration.hours(1)))
    const links = {
      expired: (await issue(tokens, "-1 minute")).token,
      foreign: (await issue(await elsewhere, "1 hour")).token,
      tampered: [head, stretched.toString("base64url"), signature].join("."),
      unsigned: `${Buffer.from('{"alg":"none"}').toString("base64url")}.${claims}.`,
      "for another purpose": session.token,
      nonsense: "nonsense",
      empty: ""
    }
    await visit({ origins: [world().url], expected: /status of 401/ }, async (page) => {
      const heard = overhear(page)
      for (const [what, link] of Object.entries(links)) {
        await page.goto("about:blank")
        await page.goto(`${world().url}/pair#${link}`)
        await page.getByText(sentence).waitFor()
        const seen = await page.locator("body").ariaSnapshot()
        expect([what, seen]).toEqual([what, `- main:\n  - alert: ${sentence}`])
      }
      const answers = await heard()
      expect(answers).toContain("Unauthorized")
      expect(answers).not.toContain("escondida")
      expect(answers).not.toContain("2@")
    })
  })

  it("says so when the link's time is over while it is open", async () => {
    await world().create("breve")
    const tokens = Context.get(world().context, Tokens)
    const { token } = await Effect.runPromise(tokens.issue("pairing", "breve", Duration.seconds(8)))
    await world().look(
      `/pair#${token}`,
      async (page) => {
        await page.getByRole("img", { name: "QR code" }).waitFor()
        await page.getByText(sentence).waitFor()
        expect(await page.getByRole("img", { name: "QR code" }).isVisible()).toBe(false)
      },
      { expected: /status of 401/ }
    )
  })
})
