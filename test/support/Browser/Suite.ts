/** A suite that needs a browser. */
import { afterAll, describe, expect } from "@effect/vitest"
import { close, executable, howToGetOne, patience } from "../Browser.ts"

/** Skipped, with the reason in its title, where there is no browser. */
export const inBrowser = (title: string, tests: () => void): void => {
  if (executable === undefined) return void describe.skip(`${title} (${howToGetOne})`, tests)
  describe(title, () => {
    afterAll(close)
    tests()
  })
}

/** Looks again until what is read is as expected. */
export const eventually = <A>(read: () => A | Promise<A>) =>
  expect.poll(read, { timeout: patience, interval: 50 })
