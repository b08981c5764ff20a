/** Reads QR codes as a phone does: from the pixels. */

import jsqr from "jsqr"
import type { Locator } from "playwright-core"
import { PNG } from "pngjs"

/** What the code in a PNG says; `undefined` when there is none to read. */
export const readQr = (png: Uint8Array): string | undefined => {
  const { data, height, width } = PNG.sync.read(Buffer.from(png))
  return jsqr.default(new Uint8ClampedArray(data), width, height)?.data
}

/** What the code in an image on a page says, as it is to be seen there. */
export const readShownQr = async (image: Locator) => readQr(await image.screenshot())
