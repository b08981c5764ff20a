/** Findings about `ENDPOINTS_FILE`, and about the endpoints in the database. */
import { Effect, Option } from "effect"
import * as AppConfig from "../../AppConfig.ts"
import * as EndpointsFile from "../../Delivery/EndpointsFile.ts"
import { detailOf } from "../../Domain/ErrorDetail.ts"
import { type Finding, failed, ok, warning } from "./Finding.ts"

const about = "endpoints"

/** A line for each mistake in the file. */
export const file = EndpointsFile.wanted.pipe(
  Effect.map(
    Option.match({
      onNone: (): ReadonlyArray<Finding> => [],
      onSome: ({ endpoints: { length }, unset }) => [
        ok(about, `${length} in ENDPOINTS_FILE, which ${length === 1 ? "is" : "are"} well-formed`),
        ...unset.map((words) => warning(about, words))
      ]
    })
  ),
  Effect.catchAll((error) =>
    Effect.succeed(AppConfig.explain(error).map((line) => failed(about, line)))
  )
)

const findingOf = ({ name, outcome }: EndpointsFile.Outcome): Finding => {
  const subject = `endpoint "${name}"`
  switch (outcome) {
    case "created":
      return ok(subject, "the next start makes it")
    case "changed":
      return ok(subject, "the next start changes it; it goes on where it is")
    case "adopted":
      return ok(subject, "the API made it; from the next start on it is the file's")
    case "back":
      return ok(subject, "the next start enables it again; it goes on where it was")
    case "unchanged":
      return ok(subject, "as the file has it")
    case "unread":
      return warning(subject, "a later version of this service wrote it, so it stays as it is")
    case "disabled":
      return warning(subject, "the file does not have it any more: the next start disables it")
    case "absent":
      return warning(
        subject,
        "disabled, as the file does not have it any more; a start a day after that deletes it"
      )
    case "deleted":
      return warning(
        subject,
        "the file has not had it for a day: the next start deletes it, and how far it has come"
      )
  }
}

/** For an open database. A file that is wrong has been told of. */
export const states = EndpointsFile.preview.pipe(
  Effect.map(({ outcomes, troubles }) => [
    ...outcomes.map(findingOf),
    ...troubles.map((words) => warning(about, words))
  ]),
  Effect.catchTag("SqlError", (error) => Effect.succeed([warning(about, detailOf(error))])),
  Effect.orElseSucceed((): ReadonlyArray<Finding> => [])
)
