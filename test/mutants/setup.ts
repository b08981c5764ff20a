/** Runs before each file of tests, in a thread that has run other files and other mutants. */
import { FastCheck } from "effect"

declare global {
  /** Stryker's state in this thread. */
  var __stryker__: { activeMutant?: string; mutantCoverage?: unknown } | undefined
}

// The last mutant must not be active while the source is loaded for the next one.
delete globalThis.__stryker__?.activeMutant
delete globalThis.__stryker__?.mutantCoverage

/** The same values on each run give the same score. One value that fails is enough: it is not made smaller. */
FastCheck.configureGlobal({ seed: 1, endOnFailure: true })
