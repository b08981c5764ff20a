/** Evidence behind a verdict: was Evolution storing the instance's messages at the time? */
import { Effect } from "effect"
import type * as Gap from "../../Domain/Gap.ts"
import type { Tools } from "./Fetch.ts"

/**
 * A reason why Evolution may not have stored every message of the gap; `undefined`: there is none. Messages
 * heard on both sides of the gap show whether Evolution was storing any.
 */
export const doubt = ({ instances, log, messages }: Tools, { from, instance, to }: Gap.Closed) =>
  Effect.gen(function* () {
    const { after, before } = yield* log.messagesAround(instance, from, to)
    for (const heard of [before, after])
      if (heard.length > 0 && !(yield* messages.hasSome(instance, heard)))
        return { note: notStored, isFinal: true }
    // An instance without a phone receives no messages.
    const isKnown = before.length > 0 || after.length > 0
    if (isKnown || instances.get(instance)?.profile.phone == null) return undefined
    return (yield* messages.hasAny(instance)) ? undefined : { note: nothingStored, isFinal: false }
  })

const notStored =
  "Evolution did not store messages heard just before or after (DATABASE_SAVE_DATA_NEW_MESSAGE)"
const nothingStored =
  "Evolution has no message of this instance at all, and none was heard that it should have"
