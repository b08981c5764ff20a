/** Errors of Evolution's REST API. Each is an answer of our own HTTP API, too. */
import { Schema } from "effect"

/** Evolution cannot be reached, timed out, answered 5xx, or answered something we cannot read. */
export class EvolutionUnavailable extends Schema.TaggedError<EvolutionUnavailable>()(
  "EvolutionUnavailable",
  { message: Schema.String, status: Schema.NullOr(Schema.Int) }
) {}

/** Evolution understood the request and said no. `message` holds its own words. */
export class EvolutionRefused extends Schema.TaggedError<EvolutionRefused>()("EvolutionRefused", {
  message: Schema.String,
  status: Schema.Int
}) {}

/** Evolution does not accept `EVOLUTION_API_KEY` (HTTP 401). */
export class KeyRefused extends Schema.TaggedError<KeyRefused>()("KeyRefused", {
  message: Schema.String
}) {}

/** Evolution 2.4 answers 503 `LICENSE_REQUIRED` to everything until someone activates it. */
export class LicenseRequired extends Schema.TaggedError<LicenseRequired>()("LicenseRequired", {
  message: Schema.String
}) {}

export class InstanceNotFound extends Schema.TaggedError<InstanceNotFound>()("InstanceNotFound", {
  message: Schema.String,
  instance: Schema.String
}) {
  /** This service has no record of the instance. */
  static readonly of = (instance: string): InstanceNotFound =>
    new InstanceNotFound({
      message: `Cannot find instance "${instance}": this service does not know it`,
      instance
    })
  /** Evolution does not have the instance either. */
  static readonly nowhere = (instance: string): InstanceNotFound =>
    new InstanceNotFound({
      message: `Cannot listen to instance "${instance}": Evolution has no instance of this name; create it, or see GET /instances`,
      instance
    })
}

export class InstanceExists extends Schema.TaggedError<InstanceExists>()("InstanceExists", {
  message: Schema.String,
  instance: Schema.String
}) {}

/**
 * Evolution has the instance, and its name cannot be used where Evolution would need it: `.` and `..` in the
 * path of a call, `,` in a namespace. `message` says the way out.
 */
export class NameImpossible extends Schema.TaggedError<NameImpossible>()("NameImpossible", {
  message: Schema.String,
  instance: Schema.String
}) {
  /** Clients and proxies take these names for directions, also percent-encoded. */
  static readonly inPath = (instance: string): NameImpossible =>
    new NameImpossible({
      message: `Cannot ask Evolution about instance "${instance}": a path cannot carry that name. Its events are heard in global mode; for anything else, create it again under another name`,
      instance
    })
  /** Socket.IO's packets end the namespace with a comma, and Evolution would end the link. */
  static readonly asNamespace = (instance: string): NameImpossible =>
    new NameImpossible({
      message: `Cannot join the namespace of instance "${instance}": Socket.IO has none with a comma. Set WEBSOCKET_GLOBAL_EVENTS=true at Evolution and EVOLUTION_MODE=global or auto here, or create the instance again under another name`,
      instance
    })
}

export const EvolutionError = Schema.Union(
  EvolutionUnavailable,
  EvolutionRefused,
  KeyRefused,
  LicenseRequired,
  InstanceNotFound,
  InstanceExists,
  NameImpossible
)
export type EvolutionError = typeof EvolutionError.Type
