/** This service's own events, as JSON: their times are ISO 8601 texts. */
import { Schema } from "effect"
import { Gap } from "../Gap.ts"
import { schemas } from "../LifeCycle.ts"
import { ListenerState } from "../ListenerState.ts"
import { openStruct } from "../Message/OpenStruct.ts"
import { described, entry, field } from "./Entry.ts"

const since = "own"

const ofEndpoint = (title: string, description: string) =>
  entry({
    schema: openStruct({
      endpoint: field(Schema.String, "The endpoint's id, a UUID"),
      eventId: field(Schema.NullOr(Schema.Int), "The event that was tried; `null`: it was purged"),
      attempts: field(Schema.Int, "How often it was tried"),
      failure: field(
        Schema.NullOr(
          Schema.Literal("answered", "busy", "unreachable", "gone", "forbidden", "ours")
        ),
        "The kind of the failure; `null`: it was delivered"
      ),
      status: field(Schema.NullOr(Schema.Int), "The HTTP status of the answer, if there was one")
    }),
    title,
    description,
    since,
    source: "src/Delivery/Outcome.ts, `Turn`"
  })

export const entries = {
  "endpoint.failing": ofEndpoint(
    "An endpoint fails",
    "An event was not delivered in four attempts. Its lane waits, and others go on."
  ),
  "endpoint.blocked": ofEndpoint(
    "An endpoint is left in peace",
    "An endpoint failed so often that only its oldest events are tried, at growing intervals."
  ),
  "endpoint.recovered": ofEndpoint(
    "An endpoint recovered",
    "An endpoint that failed, or was left in peace, takes events again."
  ),
  "endpoint.disabled": ofEndpoint(
    "An endpoint was disabled",
    "Nothing is delivered until a person resumes it: it answered 410, or failed for days."
  ),
  "gap.updated": entry({
    schema: described(Schema.encodedSchema(Gap), {
      id: "The gap's id, a UUID",
      instance: "The instance's name",
      from: "Every event before this time was heard",
      to: "Events are heard again since then; `null`: the gap is open",
      cause: "The reason why nothing was heard",
      recovered:
        "`true`: all that Evolution stored is in the log; `false`: not all; `null`: no verdict yet",
      fetched: "How many messages back-fill added",
      fetchedUntil: "Messages before this time are fetched",
      clockOffset: "By how many ms our clock was ahead of the times in messages",
      "clockOffset.least": "At least so much",
      "clockOffset.most": "At most so much",
      retryAt: "Time of the next attempt",
      note: "Says why messages are missing",
      reason: "The same, for programs",
      limit: "The most messages that an import adds"
    }),
    title: "A gap",
    description: "A gap of this service began, was closed, is being filled, or got its verdict.",
    since,
    source: "src/Domain/Gap.ts, `Gap`"
  }),
  "listener.updated": entry({
    schema: described(Schema.encodedSchema(ListenerState), {
      _tag: "The state",
      since: "Time since which it is so",
      attempt: "1 for the first attempt since the link was stable",
      generation: "Counts this listener's attempts",
      nextAttempt: "Time of the next attempt; `null`: only a person can help",
      isFlapping: "The link was lost so often lately that attempts are a minute apart",
      userAction: "The action that helps",
      error: "The reason why there is no link",
      "error._tag": "The kind of error",
      "error.message": "The error in words"
    }),
    title: "A listener",
    description:
      "The listener of an instance is in another state. Attempts in between are left out.",
    since,
    source: "src/Domain/ListenerState.ts, `ListenerState`"
  }),
  "instance.updated": entry({
    schema: described(schemas["instance.updated"], {
      instanceId: "Its id at Evolution, a UUID",
      integration: "`WHATSAPP-BAILEYS`, `WHATSAPP-BUSINESS` or `EVOLUTION`",
      createdAt: "Time of its creation by Evolution's clock, ISO 8601",
      profile: "The profile of the phone; `null`: no phone is linked; left out: not known",
      "profile.phone": "The phone's number",
      "profile.name": "The profile's name",
      "profile.pictureUrl": "The profile's picture at WhatsApp, for a limited time"
    }),
    title: "An instance",
    description: "Evolution's list of instances says more about one than the log had.",
    since,
    source: "src/Domain/LifeCycle.ts, `InstanceUpdated`"
  }),
  "connection.repeated": entry({
    schema: openStruct({
      state: field(Schema.Literal("connecting"), "The state that was repeated"),
      count: field(Schema.Int, "How many `connection.update` the log leaves out"),
      from: field(Schema.String, "Time of the first of them"),
      to: field(Schema.String, "Time of the last of them")
    }),
    title: "Repeated connecting",
    description:
      "Evolution repeats `connecting` for an instance that does not reach WhatsApp. The log has the first " +
      "one, and once a minute how many followed.",
    since,
    source: "src/Log/Ingest/Repeats.ts, `tell`"
  })
}
