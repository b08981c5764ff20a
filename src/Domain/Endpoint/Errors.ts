/** Refusals of what is asked of an endpoint. */
import { Schema } from "effect"

/** There is no such endpoint, or the caller may not see it. */
export class EndpointNotFound extends Schema.TaggedError<EndpointNotFound>()("EndpointNotFound", {
  message: Schema.String
}) {
  static of(id: string) {
    return new EndpointNotFound({ message: `There is no endpoint "${id}": see GET /endpoints` })
  }
}

/** Another endpoint within the same bounds has the name. */
export class EndpointNameTaken extends Schema.TaggedError<EndpointNameTaken>()(
  "EndpointNameTaken",
  { message: Schema.String, name: Schema.String }
) {
  static of(name: string) {
    return new EndpointNameTaken({
      message: `Another endpoint has the name "${name}": choose another one, or change that endpoint`,
      name
    })
  }
}

/** The endpoint stands in `ENDPOINTS_FILE`, which alone changes its settings. */
export class EndpointInFile extends Schema.TaggedError<EndpointInFile>()("EndpointInFile", {
  message: Schema.String
}) {
  static of(name: string) {
    return new EndpointInFile({
      message: `Cannot change "${name}" by a call: it stands in ENDPOINTS_FILE. Change the file, and start the service again`
    })
  }
}

/** The parts of what is asked are sound, and do not go together. The message begins with the path. */
export class EndpointRefused extends Schema.TaggedError<EndpointRefused>()("EndpointRefused", {
  message: Schema.String
}) {}

export class TooManyEndpoints extends Schema.TaggedError<TooManyEndpoints>()("TooManyEndpoints", {
  message: Schema.String,
  most: Schema.Int
}) {
  static of(most: number) {
    return new TooManyEndpoints({
      message: `There are ${most} endpoints within these bounds, which is the most: delete one, or let one take more events`,
      most
    })
  }
}

/** The endpoint has no such replay. */
export class ReplayNotFound extends Schema.TaggedError<ReplayNotFound>()("ReplayNotFound", {
  message: Schema.String
}) {
  static of(id: string) {
    return new ReplayNotFound({
      message: `The endpoint has no replay "${id}": see GET /endpoints/:id/replays`
    })
  }
}
