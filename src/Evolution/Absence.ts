/** Asks Evolution if it has an instance at all: before something of ours is given up for its absence. */
import { Effect } from "effect"
import type { EvolutionError } from "../Domain/EvolutionError.ts"
import type { InstanceName } from "../Domain/Instance.ts"
import type { EvolutionClient } from "./EvolutionClient.ts"

/**
 * True if Evolution's complete list has no instance of this name. In the first minutes after its start,
 * Evolution answers 404 about an instance that is in its list and not loaded yet.
 */
export const isUnlisted = (
  { fetchInstances }: Pick<EvolutionClient["Type"], "fetchInstances">,
  name: InstanceName
): Effect.Effect<boolean, EvolutionError> =>
  Effect.map(fetchInstances(), (rows) => rows.every((row) => row.name !== name))

/** True if Evolution says that it has no such instance, by name and by its complete list. */
export const isAbsent = (
  client: Pick<EvolutionClient["Type"], "connectionState" | "fetchInstances">,
  name: InstanceName
): Effect.Effect<boolean, EvolutionError> =>
  client.connectionState(name).pipe(
    Effect.as(false),
    Effect.catchTags({
      InstanceNotFound: () => isUnlisted(client, name),
      // The list alone can tell.
      NameImpossible: () => isUnlisted(client, name)
    })
  )
