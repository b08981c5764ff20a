/** The events that a reader wants, as far as its key lets it see them. */
import type { LoggedEvent } from "../../Domain/Event.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import { type Caller, sees } from "../../Domain/Key.ts"
import type { EventQuery } from "../../Log/EventStore.ts"

export interface Wanted {
  readonly instance?: InstanceName | undefined
  /** Only events of these servers; of all if absent. */
  readonly servers?: ReadonlyArray<string> | null | undefined
  /** Evolution's names, such as `messages.upsert`; every event if empty. */
  readonly events?: ReadonlyArray<string> | undefined
  /** The cursor of the last event that the reader has; without one it gets new events alone. */
  readonly after?: number | undefined
  /** False: events of the log and nothing else. True if absent. */
  readonly notes?: boolean | undefined
}

export interface Filter {
  /** The filter as the log can apply it. */
  readonly query: Pick<EventQuery, "events" | "instance" | "only" | "servers">
  /** Equal for filters that take the same events. */
  readonly key: string
  readonly isAbout: (instance: string, server: string) => boolean
  readonly takes: (event: LoggedEvent) => boolean
  /** The reader gets `hello`, `status` and `bye`. */
  readonly notes: boolean
  /** The reader is another replica. */
  readonly isReplica: boolean
}

export const filterOf = (
  { events = [], instance, notes = true, servers: wanted }: Wanted,
  caller: Caller["Type"],
  isReplica = false
): Filter => {
  const isSeen = sees(caller)
  const servers = wanted ?? caller.servers
  const names = new Set(events)
  const isAbout = (name: string, server: string) =>
    (instance === undefined || name === instance) &&
    (servers?.includes(server) ?? true) &&
    isSeen(name, server)
  return {
    query: { events, instance, only: caller.instances, servers },
    key: JSON.stringify([
      instance ?? null,
      [...names].sort(),
      caller.instances,
      caller.servers,
      servers
    ]),
    isAbout,
    isReplica,
    notes,
    takes: (one) => isAbout(one.instance, one.server) && (names.size === 0 || names.has(one.event))
  }
}
