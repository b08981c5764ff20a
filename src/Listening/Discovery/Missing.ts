/**
 * Instances that were at Evolution and are not in its list. The list alone is no proof: with an instance's
 * own key Evolution lists that instance only, and all others are well.
 */
import { DateTime, Effect } from "effect"
import type { InstanceName, InstanceRecord } from "../../Domain/Instance.ts"
import { isNewer } from "../../Domain/Projection.ts"
import type { EvolutionClient, InstanceRow } from "../../Evolution/EvolutionClient.ts"

/** Evolution's list. */
export interface List {
  /** Time of the question, ms since 1970 UTC. */
  readonly askedAt: number
  readonly rows: ReadonlyArray<InstanceRow>
}

/** The known instances that a list lacks. */
export const missingIn = (
  records: ReadonlyArray<InstanceRecord>,
  { askedAt, rows }: List
): ReadonlyArray<InstanceName> => {
  const listed = new Set(rows.map(({ name }) => name))
  const at = DateTime.unsafeMake(askedAt)
  return records
    .filter((record) => isThere(record) && !isNewer(record, at) && !listed.has(record.name))
    .map(({ name }) => name)
}

/** True if Evolution was known to have the instance. One that is being created is not known yet. */
const isThere = ({ evolution, whatsapp }: InstanceRecord): boolean =>
  evolution !== null || (whatsapp !== null && whatsapp.state !== "removed")

/** True if Evolution itself says that it does not know the instance; no answer is no evidence. */
export const isUnknown = (
  { connectionState }: Pick<EvolutionClient["Type"], "connectionState">,
  name: InstanceName
): Effect.Effect<boolean> =>
  connectionState(name).pipe(
    Effect.as(false),
    Effect.catchAll(({ _tag }) => Effect.succeed(_tag === "InstanceNotFound"))
  )
