import { describe, expect, it } from "@effect/vitest"
import { PNG } from "pngjs"
import QRCode from "qrcode"
import { makeRandom } from "../../src/Testing/Random.ts"
import { readQr } from "./QrReader.ts"
import { shrink } from "./SmallPng.ts"

describe("shrink", () => {
  it("changes no pixel where there are few colours", async () => {
    const picture = await QRCode.toBuffer("2@code", { type: "png", scale: 4 })
    const small = shrink(picture)
    expect(readQr(small)).toBe("2@code")
    expect(PNG.sync.read(small).data).toEqual(PNG.sync.read(picture).data)
  })

  it("keeps 256 of many colours, and every pixel near to its colour", () => {
    const random = makeRandom(1, "colours")
    const picture = new PNG({ width: 64, height: 64 })
    for (let byte = 0; byte < picture.data.length; byte++)
      picture.data[byte] = byte % 4 === 3 ? 255 : Math.floor(random.next() * 64)
    const { data, height, width } = PNG.sync.read(shrink(PNG.sync.write(picture)))
    expect([width, height]).toEqual([64, 64])
    expect(new Set(new Uint32Array(new Uint8Array(data).buffer)).size).toBeLessThanOrEqual(256)
    data.forEach((channel, byte) => {
      expect(Math.abs(channel - (picture.data[byte] ?? 0))).toBeLessThan(40)
    })
  })
})
