/** A service that delivers to one endpoint. */
import { Effect, Layer, Schema } from "effect"
import * as FairSemaphore from "../../../src/Concurrency/FairSemaphore.ts"
import { Traffic } from "../../../src/Delivery/Traffic.ts"
import { Endpoint } from "../../../src/Domain/Endpoint.ts"

const endpoint = Schema.decodeSync(Endpoint)({
  id: "8b1ea8e2-3c0f-4f0a-9a55-6a9b8f1f6d11",
  settings: { name: "n8n", target: { type: "webhook", url: "https://n8n.example.com/" } },
  state: "active",
  reason: null,
  source: "api",
  bounds: { instances: null, servers: null },
  generation: 0,
  createdAt: "2026-11-24T15:00:00Z",
  updatedAt: "2026-11-24T15:00:00Z"
})

export const delivering = Layer.succeed(
  Traffic,
  Traffic.of({
    gate: FairSemaphore.make(1),
    enter: () => Effect.void,
    all: () => [
      {
        endpoint,
        server: "default",
        depth: () => ({ behind: 3, isAtLeast: false, oldestAt: 0, running: 1 }),
        health: () => ({
          breaker: "closed",
          since: 0,
          nextProbeAt: null,
          failingSince: null,
          lastSuccessAt: null,
          lastFailureAt: null,
          reason: null
        })
      }
    ]
  })
)
