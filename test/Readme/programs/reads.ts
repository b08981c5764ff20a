import { Effect } from "effect"
import { EventStore, Instance, Instances, Pairing } from "../../../src/mod.ts"

export const program = Effect.gen(function* () {
  const instances = yield* Instances.Instances
  const name = Instance.InstanceName.make("loja-1")
  yield* instances.start(name)
  const { userAction } = yield* instances.status(name)
  const pairing = yield* Pairing.Pairing
  const qr = userAction === "scan_qr" ? yield* pairing.qrcode(name) : undefined
  const store = yield* EventStore.EventStore
  const events = yield* store.read({ after: 0, instance: name, limit: 100 })
  return { code: qr?.code, events }
})
