/** What a check finds, as a test looks at it. */
import { join } from "node:path"
import { Duration, Effect, Stream } from "effect"
import * as Check from "../../../src/Command/Check.ts"
import { temporaryDirectory } from "../../support/ServiceProcess.ts"
import { settings } from "../../support/settings.ts"

export interface Found {
  /** As they are printed. */
  readonly lines: ReadonlyArray<string>
  /** `verdict about`, of those that are not ok. */
  readonly troubles: ReadonlyArray<string>
  /** The message about something; the first, when there are more. */
  readonly of: (about: string) => string
}

export const foundWith = (
  variables: Readonly<Record<string, string>>,
  { patience = Duration.millis(300), probe = false }: Partial<Check.Options> = {}
): Effect.Effect<Found> =>
  Effect.gen(function* () {
    // So that there is nothing of ours in the database's place, unless a test says otherwise.
    const DATA_DIR = join(yield* temporaryDirectory, "data")
    const found = yield* Stream.runCollect(Check.findings({ patience, probe })).pipe(
      Effect.provide(settings({ DATA_DIR, ...variables }))
    )
    const all = [...found]
    return {
      lines: all.map(Check.lineOf),
      troubles: all
        .filter(({ verdict }) => verdict !== "ok")
        .map(({ about, verdict }) => `${verdict} ${about}`),
      of: (about: string) => all.find((one) => one.about === about)?.message ?? ""
    }
  }).pipe(Effect.scoped)
