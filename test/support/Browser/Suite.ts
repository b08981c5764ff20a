/** A suite that needs a browser. */
import { afterAll, describe } from "@effect/vitest"
import { close, executable, howToGetOne } from "../Browser.ts"

/** Skipped, with the reason in its title, where there is no browser. */
export const inBrowser = (title: string, tests: () => void): void => {
  if (executable === undefined) return void describe.skip(`${title} (${howToGetOne})`, tests)
  describe(title, () => {
    afterAll(close)
    tests()
  })
}
