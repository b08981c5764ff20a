/**
 * V8's compiler of WebAssembly. It optimizes PGlite's functions in the background, all at once: measured at
 * a first start, the process peaks at 840 MB on Node 24 (400 on Node 20), and a container of 512 MB is
 * killed before its first line of log. The baseline compiler alone peaks at 225 MB (190 on Node
 * 20); inserts are 17 % slower.
 */
import { setFlagsFromString } from "node:v8"

/**
 * Uses the baseline compiler alone, for every WebAssembly of the process that is compiled later. V8 draws
 * the last two from the first only when it is a flag of the command line.
 */
export const useBaseline = (): void => {
  for (const flag of ["--liftoff-only", "--no-wasm-tier-up", "--no-wasm-dynamic-tiering"])
    setFlagsFromString(flag)
}
