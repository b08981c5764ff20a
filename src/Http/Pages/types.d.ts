/** The answers of the API as JSON, from the schemas that encode them. */
import type { ClusterState as ClusterStateSchema } from "../../Domain/ClusterState.ts"
import type {
  Attempt as AttemptSchema,
  Lane as LaneSchema,
  Replay as ReplaySchema,
  Undelivered as UndeliveredSchema
} from "../../Domain/Endpoint.ts"
import type { EventRecord as EventRecordSchema } from "../../Domain/Event.ts"
import type { Gap as GapSchema } from "../../Domain/Gap.ts"
import type { Qr as QrSchema } from "../../Domain/Instance.ts"
import type { ListenerState as ListenerStateSchema } from "../../Domain/ListenerState.ts"
import type { InstanceStatus as InstanceStatusSchema } from "../../Domain/Status.ts"
import type { Summary as SummarySchema } from "../../Domain/Summary.ts"
import type { Timeline as TimelineSchema } from "../../Domain/Timeline.ts"
import type {
  EndpointView as EndpointSchema,
  SentByHand as SentByHandSchema
} from "../Api/Endpoints/Bodies.ts"
import type { Self as SelfSchema } from "../Api/Keys.ts"

export type ClusterState = typeof ClusterStateSchema.Encoded
export type Attempt = typeof AttemptSchema.Encoded
export type Endpoint = typeof EndpointSchema.Encoded
export type Lane = typeof LaneSchema.Encoded
export type Replay = typeof ReplaySchema.Encoded
export type Self = typeof SelfSchema.Encoded
export type SentByHand = typeof SentByHandSchema.Encoded
export type Undelivered = typeof UndeliveredSchema.Encoded
export type EventRecord = typeof EventRecordSchema.Encoded
export type Gap = typeof GapSchema.Encoded
export type InstanceStatus = typeof InstanceStatusSchema.Encoded
export type ListenerState = typeof ListenerStateSchema.Encoded
export type Qr = typeof QrSchema.Encoded

export type Summary = typeof SummarySchema.Encoded
export type Timeline = typeof TimelineSchema.Encoded

export interface Instance {
  readonly name: string
  /** `null`: the service has not told it yet. */
  server: string | null
}

export interface Pairing {
  readonly instance: string
  readonly state: "waiting" | "scan" | "connected" | "ended"
  readonly phone: string | null
  readonly qr: {
    readonly svg: string
    readonly pairingCode: string | null
    readonly sequence: number
    readonly expiresAt: string
  } | null
  readonly linkExpiresAt: string
}

/** The credential of the signed-in operator: the API key, or the token of a session. */
export interface Credential {
  readonly kind: "key" | "session"
  readonly value: string
}

export interface FeedState {
  readonly state: "connecting" | "live" | "stale" | "reconnecting" | "refused"
  /** Time of the last byte, by our clock; `null` before the first. */
  readonly heardAt: number | null
  /** Time of the next attempt, by our clock. */
  readonly retryAt: number | null
  readonly message: string
}
