/** A replica as a process of its own, which prints what it owns. Arguments: the database's address, its name. */
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Redacted } from "effect"
import { Ownership } from "../../../src/Cluster/Ownership.ts"
import * as Postgres from "../../../src/Storage/Postgres.ts"

const [url = "", address = ""] = process.argv.slice(2)
const server = "default"

const say = (text: string) => Effect.sync(() => process.stdout.write(`${text}\n`))

const replica = Layer.scopedDiscard(
  Effect.flatMap(Ownership, (ownership) =>
    ownership.run(server, {
      prepare: () => say("prepared"),
      own: ({ epoch, reason }) =>
        Effect.acquireRelease(say(`owns ${epoch} ${reason}`), () => say(`ends ${epoch}`)).pipe(
          Effect.zipRight(Effect.never),
          Effect.scoped
        )
    })
  )
).pipe(
  Layer.provide(Ownership.layerCluster({ servers: [server], address, prints: {} })),
  Layer.provide(Postgres.layer(Redacted.make(url)))
)

NodeRuntime.runMain(Layer.launch(replica))
