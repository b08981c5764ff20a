/** What is set up before each file of tests is loaded, in a thread that has run other files and other mutants. */
import { FastCheck } from "effect"

/** Stryker's state in this thread. The mutant before must not be active while the next one's source is loaded. */
declare const globalThis: { __stryker__?: { activeMutant?: string; mutantCoverage?: unknown } }

delete globalThis.__stryker__?.activeMutant
delete globalThis.__stryker__?.mutantCoverage

/** The same values on each run, so that the score is the same. A value that fails is enough: it is not made smaller. */
FastCheck.configureGlobal({ seed: 1, endOnFailure: true })
