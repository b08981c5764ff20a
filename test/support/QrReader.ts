/** Reads QR codes as a phone does: from the pixels. */

import jsqr from "jsqr"
import type { Page } from "playwright-core"
import { PNG } from "pngjs"

/** What the code in a PNG says; `undefined` when there is none to read. */
export const readQr = (png: Uint8Array): string | undefined => {
  const { data, height, width } = PNG.sync.read(Buffer.from(png))
  return jsqr.default(new Uint8ClampedArray(data), width, height)?.data
}

/** What the code in an image on the page says, as it is to be seen. */
export const readShownQr = async (page: Page, name: string | RegExp) =>
  readQr(await page.getByRole("img", { name }).screenshot())
