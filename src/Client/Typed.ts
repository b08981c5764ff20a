/** The data of an event by its name. */
import type * as EventCatalog from "../Domain/EventCatalog.ts"
import type { EventName, Spelling, WireName } from "../Domain/EventName.ts"

export type { EventName }

/** A name in either of Evolution's forms; any other text is the name of an event that the catalogue lacks. */
export type AnyName = Spelling | (string & {})

/**
 * A record with the data that the catalogue has for these names. The service stores what Evolution sends, so a
 * later version's data may differ: it is typed here, and not checked.
 */
export type Typed<Record, Name extends string> = Name extends unknown
  ? Omit<Record, "event" | "data"> & {
      readonly event: WireName<Name>
      readonly data: EventCatalog.Data<Name>
    }
  : never
