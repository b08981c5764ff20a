import { describe, expect, it } from "@effect/vitest"
import { eventually, inBrowser } from "../../support/Browser/Suite.ts"
import { visit } from "../../support/Browser.ts"
import { readQr, readShownQr } from "../../support/QrReader.ts"
import { key } from "../Service.ts"
import { useWorld } from "./useWorld.ts"

describe("a code as a picture", () => {
  const world = useWorld()
  const picture = async (path: string, accept = "*/*") => {
    const response = await fetch(`${world().url}${path}`, { headers: { apikey: key, accept } })
    expect(response.status).toBe(200)
    expect(response.headers.get("cache-control")).toBe("no-store")
    return { type: response.headers.get("content-type"), bytes: await response.arrayBuffer() }
  }

  it("is a PNG that reads back to the same code, drawn by Evolution or by us", async () => {
    const { evolution } = world()
    await world().create("loja")
    for (const [path, accept] of [
      ["/instances/loja/qrcode", "image/png"],
      ["/instances/loja/qrcode?format=png", "*/*"]
    ] as const) {
      const { bytes, type } = await picture(path, accept)
      expect(type).toBe("image/png")
      expect(readQr(new Uint8Array(bytes))).toBe(evolution.instance("loja").qr?.code)
    }

    evolution.emit("loja", "qrcode.updated", {
      qrcode: { instance: "loja", pairingCode: null, code: "2@drawn-by-us", base64: null }
    })
    await eventually(async () =>
      readQr(new Uint8Array((await picture("/instances/loja/qrcode", "image/png")).bytes))
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
