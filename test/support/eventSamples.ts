/** Data of each event, real or in the shape that Evolution's source gives. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type * as EventCatalog from "../../src/Domain/EventCatalog.ts"

export interface Sample {
  readonly by: string
  readonly form?: string
  readonly data: unknown
}

const fixtures = join(import.meta.dirname, "../fixtures")

export const samplesOf = (event: EventCatalog.Name): ReadonlyArray<Sample> =>
  JSON.parse(readFileSync(join(fixtures, "events", `${event}.json`), "utf8"))

/** The name and the data of each event in a file of frames that were captured. */
export const capturedIn = (file: string): ReadonlyArray<readonly [string, unknown]> =>
  readFileSync(join(fixtures, file), "utf8")
    .trim()
    .split("\n")
    .flatMap((line) => {
      const { frame } = JSON.parse(line)
      const [, packet] = /^42(?:\/[^,]*,)?(\[.*)$/s.exec(frame ?? "") ?? []
      if (packet === undefined) return []
      const [event, { data = null }] = JSON.parse(packet)
      return [[event, data] as const]
    })
