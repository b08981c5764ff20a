/** Failures of running as one of several replicas. */
import { Schema } from "effect"

export { NoHeir } from "../Domain/ClusterState.ts"

/** A replica that runs has other servers, other addresses or keys of them, or another API_KEY. */
export class SettingsDiffer extends Schema.TaggedError<SettingsDiffer>()("SettingsDiffer", {
  message: Schema.String,
  /** The address of the replica that runs. */
  replica: Schema.String,
  differences: Schema.Array(Schema.String)
}) {}

/** The packages of the engine are not installed. */
export class EngineMissing extends Schema.TaggedError<EngineMissing>()("EngineMissing", {
  message: Schema.String
}) {
  static of(detail: string) {
    return new EngineMissing({
      message: `Cannot run as one of several replicas: install @effect/cluster, @effect/rpc and @effect/workflow (${detail})`
    })
  }
}
