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

export const EvolutionError = Schema.Union(
  EvolutionUnavailable,
  EvolutionRefused,
  KeyRefused,
  LicenseRequired,
  InstanceNotFound,
  InstanceExists
)
export type EvolutionError = typeof EvolutionError.Type
