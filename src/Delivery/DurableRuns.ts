/** Runs the durable handlers of the program in one Evolution server, as long as this process owns it. */
import { SqlClient } from "@effect/sql"
import { Effect, Fiber, Layer } from "effect"
import { loop } from "../Concurrency/Supervise.ts"
import { Server } from "../Domain/Server.ts"
import { CurrentFence } from "../Domain/Tenure.ts"
import { EventBus } from "../Log/EventBus.ts"
import { DurableHandlers } from "./DurableHandlers.ts"
import * as Cursors from "./Handlers/Cursors.ts"
import { run, titleOf } from "./Handlers/Run.ts"

export const layer = Layer.scopedDiscard(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const bus = yield* EventBus
    const server = yield* Server
    const fence = yield* CurrentFence
    const cursors = Cursors.make(sql, server, fence.epoch)
    const { own } = yield* DurableHandlers
    yield* own((durable) =>
      loop(titleOf(durable), run(durable, { server, bus, cursors, fence })).pipe(
        Effect.flatMap(Fiber.join),
        Effect.scoped,
        Effect.asVoid
      )
    )
  })
)
