/** What is asked of the service `Endpoints`. */
import type { DateTime, Redacted } from "effect"
import type { Endpoint, Settings, Start } from "../../Domain/Endpoint.ts"

export interface EndpointWanted {
  /** Values of headers stand in it. */
  readonly settings: Settings
  /** The signing secret of a webhook; one is made if there is none. */
  readonly secret?: Redacted.Redacted | undefined
  readonly start?: Start | undefined
  readonly bounds?: Endpoint["bounds"] | undefined
  readonly source?: Endpoint["source"] | undefined
}

/** Where an endpoint goes on; `cursor`: where it was. */
export type From = "cursor" | "now" | DateTime.Utc
