/** The handlers of instances. */
import { HttpApiBuilder } from "@effect/platform"
import { Duration, Effect, Redacted, Schema } from "effect"
import { Caller, sees } from "../../Domain/Key.ts"
import { InstanceStatus } from "../../Domain/Status.ts"
import { Api, GapNotFound, ImportRunning } from "../Api.ts"
import { Peers } from "../Peers.ts"
import { commanding, creating, type Named, seeing } from "./Permission.ts"
import * as Target from "./Target.ts"
import { orUnavailable } from "./Unavailable.ts"

export const instances = HttpApiBuilder.group(Api, "instances", (handlers) => {
  const command = (action: "start" | "stop" | "restart") => (request: Named) =>
    commanding(action, request, (one, name) => orUnavailable(one.instances[action](name)))
  const status = (request: Named) => seeing(request, (one, name) => one.instances.status(name))
  return handlers
    .handle("create", ({ payload, urlParams: { server } }) => {
      const { integration = "WHATSAPP-BAILEYS", name, number, token, ...settings } = payload
      const input = { integration, name, number, token, settings: Redacted.make(settings) }
      return creating(name, server, (one) => orUnavailable(one.instances.create(input)))
    })
    .handle("list", ({ urlParams: { server } }) =>
      Effect.gen(function* () {
        const isSeen = sees(yield* Caller)
        const asked = server === undefined ? yield* Target.visible : [yield* Target.server(server)]
        const { gather } = yield* Peers
        const statuses = yield* gather(asked, {
          here: ({ instances }) => instances.all,
          there: Schema.Array(InstanceStatus),
          isWhole: true
        })
        return statuses.flat().filter((status) => isSeen(status.name, status.server))
      })
    )
    .handle("get", status)
    .handle("remove", (request) => {
      const action = request.urlParams.purge === true ? "purge" : "remove"
      return commanding(action, request, (one, name) => orUnavailable(one.instances[action](name)))
    })
    .handle("start", command("start"))
    .handle("stop", command("stop"))
    .handle("restart", command("restart"))
    .handle("status", status)
    .handle("gaps", (request) =>
      seeing(request, (one, name) =>
        Effect.map(
          orUnavailable(one.instances.gaps(name, request.urlParams.limit ?? 100)),
          (gaps) => ({ gaps })
        )
      )
    )
    .handle("retryGap", (request) =>
      commanding("retry_gap", request, (one, name) =>
        Effect.flatMap(
          orUnavailable(one.instances.retryGap(name, request.path.id)),
          Effect.mapError(
            () =>
              new GapNotFound({
                message: `There is no gap "${request.path.id}" of instance "${name}"`
              })
          )
        )
      )
    )
    .handle("import", (request) => {
      const { from, limit = null, to = null } = request.payload
      return commanding("import", request, (one, name) =>
        Effect.flatMap(
          orUnavailable(one.instances.import(name, { from, to, limit })),
          Effect.mapError(
            () =>
              new ImportRunning({
                message: `An import of "${name}" is not done yet: see GET /instances/${name}/gaps`
              })
          )
        )
      )
    })
    .handle("timeline", (request) =>
      seeing(request, (one, name) =>
        orUnavailable(one.instances.timeline(name, Duration.hours(request.urlParams.hours ?? 24)))
      )
    )
})
