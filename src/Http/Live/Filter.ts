/** What a reader is after, of what its key lets it see. */
import type { LoggedEvent } from "../../Domain/Event.ts"
import type { InstanceName } from "../../Domain/Instance.ts"
import { type Caller, sees } from "../../Domain/Key.ts"

export interface Wanted {
  readonly instance?: InstanceName | undefined
  /** The wire's names; none: every event. */
  readonly events?: ReadonlyArray<string> | undefined
  /** The last event a reader has; without one it gets what comes from now on. */
  readonly after?: number | undefined
}

export interface Filter {
  /** The same for all who get the same. */
  readonly key: string
  /** The only instance it is about; `undefined`: there may be several. */
  readonly instance: InstanceName | undefined
  readonly isAbout: (instance: string) => boolean
  readonly takes: (event: LoggedEvent) => boolean
}

export const filterOf = ({ events = [], instance }: Wanted, caller: Caller["Type"]): Filter => {
  const isSeen = sees(caller)
  const names = new Set(events)
  const isAbout = (name: string) => (instance === undefined || name === instance) && isSeen(name)
  return {
    key: JSON.stringify([instance ?? null, [...names].sort(), caller.instances]),
    instance,
    isAbout,
    takes: (one) => isAbout(one.instance) && (names.size === 0 || names.has(one.event))
  }
}
