/** Evidence behind a verdict: was Evolution storing the instance's messages at the time? */
import type { SqlError } from "@effect/sql"
import { DateTime, Effect } from "effect"
import type { EvolutionError } from "../../Domain/EvolutionError.ts"
import type * as Gap from "../../Domain/Gap.ts"
import type { Heard } from "../../Log/EventStore.ts"
import type { Tools } from "./Fetch.ts"

/** `proven`: Evolution stores messages that were heard beside the gap. */
export type Judgement =
  | { readonly is: "proven" | "unknown" }
  | { readonly is: "lost"; readonly reason: "not_stored" | "recreated"; readonly note: string }
  /** It may change. */
  | { readonly is: "doubted"; readonly note: string }

/** Judges a gap whose messages were all fetched, by the messages that were heard on both sides of it. */
export const judge = (
  tools: Tools,
  gap: Gap.Closed
): Effect.Effect<Judgement, EvolutionError | SqlError.SqlError> =>
  Effect.gen(function* () {
    const { from, instance, to } = gap
    const { after, before } = yield* tools.log.messagesAround(instance, from, to)
    const sides = [before, after].filter(({ length }) => length > 0)
    let isProven = false
    for (const heard of sides) {
      if (yield* tools.messages.hasSome(instance, idsOf(heard))) {
        isProven = true
        continue
      }
      const former = yield* formerOf(tools, gap)
      if (!heard.every(former.has)) return lost("not_stored", notStored)
      // Evolution deletes the messages of an instance with it.
      if (former.endedIn && heard === before) return lost("recreated", recreated(former.since))
    }
    if (isProven) return { is: "proven" }
    // An instance without a phone receives no messages.
    if (sides.length > 0 || tools.instances.get(instance)?.profile.phone == null)
      return { is: "unknown" }
    return (yield* tools.messages.hasAny(instance))
      ? { is: "unknown" }
      : { is: "doubted", note: nothingStored }
  })

const idsOf = (heard: ReadonlyArray<Heard>) => heard.map(({ id }) => id)

/** Tells messages of an earlier instance of the same name, by the present one's id and its age. */
const formerOf = ({ client }: Tools, { clockOffset, from, instance }: Gap.Closed) =>
  Effect.map(client.fetchInstances(instance), (rows) => {
    const row = rows.find(({ name }) => name === instance)
    const created = Date.parse(row?.createdAt ?? "")
    // By our clock, and surely not later than that.
    const since = created + (clockOffset?.least ?? 0)
    return {
      since: DateTime.unsafeMake(Number.isNaN(created) ? 0 : created),
      /** False if nothing is known of the present instance. */
      has: ({ at, instanceId }: Heard): boolean =>
        at < since || (row?.id != null && instanceId !== null && instanceId !== row.id),
      /** The present instance was created after the gap began. */
      endedIn: DateTime.toEpochMillis(from) < since
    }
  })

const lost = (reason: "not_stored" | "recreated", note: string): Judgement => ({
  is: "lost",
  reason,
  note
})

const notStored =
  "Evolution did not store messages heard just before or after (DATABASE_SAVE_DATA_NEW_MESSAGE)"
const nothingStored =
  "Evolution has no message of this instance at all, and none was heard that it should have"
const recreated = (since: DateTime.Utc) =>
  `The instance was deleted, and created again at ${DateTime.formatIso(since)}: Evolution has no messages of the one before`
