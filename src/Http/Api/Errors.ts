/** What the HTTP side itself can answer instead of an answer. */
import { Schema } from "effect"

/** The caller's key is missing or not ours. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {
  message: Schema.String
}) {}

/** The caller's key is of too small a scope, or bound to other instances. */
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", {
  message: Schema.String
}) {}

/** So many wrong keys came from this address lately that none is looked at for a while. */
export class TooManyTries extends Schema.TaggedError<TooManyTries>()("TooManyTries", {
  message: Schema.String,
  retryAfterSeconds: Schema.Int
}) {}

export class KeyNotFound extends Schema.TaggedError<KeyNotFound>()("KeyNotFound", {
  message: Schema.String
}) {}

export class RouteNotFound extends Schema.TaggedError<RouteNotFound>()("RouteNotFound", {
  message: Schema.String
}) {}

export class BodyTooLarge extends Schema.TaggedError<BodyTooLarge>()("BodyTooLarge", {
  message: Schema.String,
  maxBytes: Schema.Int
}) {}

export class MalformedRequest extends Schema.TaggedError<MalformedRequest>()("MalformedRequest", {
  message: Schema.String
}) {}

export class UnsupportedMediaType extends Schema.TaggedError<UnsupportedMediaType>()(
  "UnsupportedMediaType",
  { message: Schema.String }
) {}

/** A request, or its body, did not come in time. */
export class RequestTooSlow extends Schema.TaggedError<RequestTooSlow>()("RequestTooSlow", {
  message: Schema.String
}) {}

export class HeadersTooLarge extends Schema.TaggedError<HeadersTooLarge>()("HeadersTooLarge", {
  message: Schema.String
}) {}

export class InternalError extends Schema.TaggedError<InternalError>()("InternalError", {
  message: Schema.String
}) {}
