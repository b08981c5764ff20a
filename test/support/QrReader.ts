/** Reads QR codes as a phone does: from the pixels. */

import jsqr from "jsqr"
import type { Locator } from "playwright-core"
import { PNG } from "pngjs"

/** The text of the code in a PNG; `undefined` if none can be read. */
export const readQr = (png: Uint8Array): string | undefined => {
  const { data, height, width } = PNG.sync.read(Buffer.from(png))
  return jsqr.default(new Uint8ClampedArray(data), width, height)?.data
}

/** The text of the code in an image on a page, read from a screenshot. */
export const readShownQr = async (image: Locator) => readQr(await image.screenshot())
