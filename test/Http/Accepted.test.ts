import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import * as Gap from "../../src/Domain/Gap.ts"
import { InstanceName } from "../../src/Domain/Instance.ts"
import { house, serve } from "./Service.ts"

describe("a call that begins work", () => {
  it.scoped("gives the gap to a typed client in each of its states, with the status 202", () =>
    Effect.gen(function* () {
      const opened = Gap.opened({
        id: "8b1ea8e2-3c0f-4f0a-9a55-6a9b8f1f6d11",
        instance: InstanceName.make("shop"),
        from: DateTime.unsafeMake(0),
        cause: "connection_lost"
      })
      const closed = Gap.closed(opened, DateTime.unsafeMake(1))
      for (const gap of [opened, closed, Gap.recovered(closed), Gap.lost(closed, "limit", "no")]) {
        const some = () => Effect.succeedSome(gap)
        const { client, post } = yield* serve(house({ retryGap: some, import: some }))
        const path = { name: gap.instance, id: gap.id }
        const payload = { from: gap.from }
        expect(yield* client.instances.retryGap({ path, urlParams: {} })).toEqual(gap)
        expect(yield* client.instances.import({ path, payload, urlParams: {} })).toEqual(gap)
        const { status } = yield* post(`/instances/shop/gaps/${gap.id}/retry`, "")
        expect(status).toBe(202)
      }
    })
  )
})
