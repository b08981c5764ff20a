/** Suites that need a browser. */
import { afterAll, describe, expect } from "@effect/vitest"
import { close, executable, howToGetOne, patience } from "../Browser.ts"

// One browser for all suites of a file.
afterAll(close)

/** A suite that is skipped without a browser, with the reason in its title. */
export const inBrowser = (title: string, tests: () => void): void => {
  if (executable === undefined) describe.skip(`${title} (${howToGetOne})`, tests)
  else describe(title, { timeout: 60_000 }, tests)
}

/** Polls a value until it is as expected. */
export const eventually = <A>(read: () => A | Promise<A>) =>
  expect.poll(read, { timeout: patience, interval: 50 })
