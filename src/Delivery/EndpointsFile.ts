/** `ENDPOINTS_FILE`: endpoints that are deployed from a repository. It is read and applied at the start. */
import { Effect, Layer, Option } from "effect"
import { Settings } from "../AppConfig/Settings.ts"
import * as FromFile from "./Endpoints/FromFile.ts"
import { Endpoints, type Outcome } from "./Endpoints.ts"
import { read } from "./EndpointsFile/Read.ts"
import { Guard } from "./Guard.ts"

export type { Outcome } from "./Endpoints.ts"

/** The endpoints and what is missing for them; fails with a line for each mistake. */
export const wanted = Effect.provide(read, Guard.layer)

/** What a start would do with each endpoint, and what is wrong with those that the file does not have. */
export const preview = Effect.flatMap(wanted, (file) =>
  FromFile.preview(Option.map(file, ({ endpoints }) => endpoints))
)

const words: Readonly<Record<Outcome["outcome"], string>> = {
  created: "made",
  changed: "changed",
  adopted: "taken over from the API",
  back: "back again",
  unchanged: "as they were",
  unread: "left as a later version wrote them",
  disabled: "disabled, as the file does not have them any more",
  absent: "still disabled",
  deleted: "deleted, as the file does not have them any more"
}

const summary = (outcomes: ReadonlyArray<Outcome>): string =>
  Object.entries(words)
    .flatMap(([outcome, text]) => {
      const names = outcomes.filter((one) => one.outcome === outcome).map(({ name }) => `"${name}"`)
      if (names.length === 0) return []
      return outcome === "unchanged" ? `${names.length} ${text}` : `${text}: ${names.join(", ")}`
    })
    .join("; ")

const apply = Effect.gen(function* () {
  const found = yield* wanted
  if (Option.isNone(found)) return
  const { endpoints, unset } = found.value
  const { settle } = yield* Endpoints
  const { worded } = yield* Settings
  const setting = worded("ENDPOINTS_FILE")
  const outcomes = yield* settle(endpoints)
  yield* Effect.logInfo(`${setting}: ${summary(outcomes) || "no endpoints"}`)
  for (const one of unset) yield* Effect.logWarning(`${setting}: ${one}`)
})

/** The service does not start with a file that is wrong. Without one, endpoints of an earlier file go on as they are. */
export const layer = Layer.effectDiscard(apply)
