/** Errors of the HTTP side itself. Each has a `_tag` and a message for people. */
import { Schema } from "effect"

/** The key is missing or unknown. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {
  message: Schema.String
}) {}

/** The scope of the key is too small, or the key is bound to other instances. */
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", {
  message: Schema.String
}) {}

/** Too many wrong keys came from this address in the last minute. */
export class TooManyTries extends Schema.TaggedError<TooManyTries>()("TooManyTries", {
  message: Schema.String,
  retryAfterSeconds: Schema.Int
}) {}

/** There is no such Evolution server in the settings. */
export class ServerNotFound extends Schema.TaggedError<ServerNotFound>()("ServerNotFound", {
  message: Schema.String
}) {}

/** More than one Evolution server may be meant. */
export class ServerAmbiguous extends Schema.TaggedError<ServerAmbiguous>()("ServerAmbiguous", {
  message: Schema.String
}) {}

/** No replica owns the Evolution server; or this process is alone, and another one listens to the server. */
export class ServerUnowned extends Schema.TaggedError<ServerUnowned>()("ServerUnowned", {
  message: Schema.String
}) {}

/** The replica that owns the Evolution server broke off in a command, which may be done or not. */
export class OutcomeUnknown extends Schema.TaggedError<OutcomeUnknown>()("OutcomeUnknown", {
  message: Schema.String
}) {}

/** The address at which other people reach the service is not known. */
export class AddressUnknown extends Schema.TaggedError<AddressUnknown>()("AddressUnknown", {
  message: Schema.String
}) {}

/** An import of the instance is not done yet. */
export class ImportRunning extends Schema.TaggedError<ImportRunning>()("ImportRunning", {
  message: Schema.String
}) {}

export class GapNotFound extends Schema.TaggedError<GapNotFound>()("GapNotFound", {
  message: Schema.String
}) {}

export class KeyNotFound extends Schema.TaggedError<KeyNotFound>()("KeyNotFound", {
  message: Schema.String
}) {}

/** The log has no such event, or the caller or the endpoint may not have it. */
export class EventNotFound extends Schema.TaggedError<EventNotFound>()("EventNotFound", {
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

/** A request or its body did not arrive in time. */
export class RequestTooSlow extends Schema.TaggedError<RequestTooSlow>()("RequestTooSlow", {
  message: Schema.String
}) {}

export class HeadersTooLarge extends Schema.TaggedError<HeadersTooLarge>()("HeadersTooLarge", {
  message: Schema.String
}) {}

export class InternalError extends Schema.TaggedError<InternalError>()("InternalError", {
  message: Schema.String
}) {}
