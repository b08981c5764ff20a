import { expect, it } from "@effect/vitest"
import { findings } from "./Axe.ts"
import { inBrowser } from "./Browser/Suite.ts"
import { visit } from "./Browser.ts"

inBrowser("axe-core", () => {
  it("finds what is serious, and nothing in a page that is well made", () =>
    visit({ origins: [] }, async (page) => {
      const well = "<!doctype html><html lang=en><title>Page</title><main><h1>Page</h1></main>"
      await page.setContent(well)
      expect(await findings(page)).toEqual([])
      await page.setContent(`${well}<button></button>`)
      expect((await findings(page)).join()).toMatch(/^button-name: <button>/)
    }))
})
