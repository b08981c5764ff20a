/** Suites that need a browser. */
import { afterAll, describe, expect } from "@effect/vitest"
import { close, executable, howToGetOne, patience } from "../Browser.ts"

// One browser for all suites of a file.
afterAll(close)

/** Skipped, with the reason in its title, where there is no browser. */
export const inBrowser = (title: string, tests: () => void): void => {
  if (executable === undefined) describe.skip(`${title} (${howToGetOne})`, tests)
  else describe(title, { timeout: 60_000 }, tests)
}

/** Looks again until what is read is as expected. */
export const eventually = <A>(read: () => A | Promise<A>) =>
  expect.poll(read, { timeout: patience, interval: 50 })
