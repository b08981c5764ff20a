/** Replicas in one process, each with its own way to one Postgres, and a journal of what they own when. */
import { Context, Effect, Exit, identity, Layer, type Option, Redacted, Scope } from "effect"
import type { LinkIs } from "../../src/Cluster/Ownership/Holding.ts"
import type { Timing } from "../../src/Cluster/Ownership/Timing.ts"
import { Ownership } from "../../src/Cluster/Ownership.ts"
import type { Fenced, Tenure } from "../../src/Domain/Tenure.ts"
import { migrate } from "../../src/Storage/migrations.ts"
import * as Postgres from "../../src/Storage/Postgres.ts"
import { freshDatabaseUrl } from "../support/databases.ts"
import { startProxy, type TcpProxy } from "../support/TcpProxy.ts"

export const testDatabaseUrl = process.env.TEST_DATABASE_URL ?? ""

/** The tables that ownership needs, where no migration has made them. */
export const tables = migrate(identity)

export interface Entry {
  /** Seconds of real time since the world began. */
  readonly at: number
  readonly replica: string
  readonly server: string
  readonly what: "prepared" | "owns" | "ends"
  readonly tenure?: Tenure
}

type Own = (
  tenure: Tenure,
  link: Option.Option<string>,
  linkIs: LinkIs
) => Effect.Effect<void, Fenced>

interface Wanted {
  readonly servers: ReadonlyArray<string>
  readonly prepare?: Effect.Effect<void, string>
  /** Beside the journal; never ends by default. */
  readonly own?: Own
  readonly timing?: Partial<Timing>
}

export interface Replica {
  readonly ownership: Ownership["Type"]
  readonly proxy: TcpProxy
  /** As SIGTERM. */
  readonly stop: Effect.Effect<void>
}

/** `between`: the address by which replicas reach the database, as that of a pooler. */
export const makeWorld = Effect.fn(function* <R = never>(
  between: (url: string) => Effect.Effect<string, unknown, R> = Effect.succeed
) {
  const url = yield* freshDatabaseUrl(testDatabaseUrl)
  const entrance = new URL(yield* between(url.href))
  const database = yield* Layer.build(Postgres.layer(Redacted.make(url.href)))
  yield* Effect.provide(tables, database)
  const journal: Array<Entry> = []
  const readers = new Set<() => void>()
  const begun = performance.now()

  const note = (entry: Omit<Entry, "at">) =>
    Effect.sync(() => {
      journal.push({ at: (performance.now() - begun) / 1000, ...entry })
      for (const read of [...readers]) read()
    })

  /** The first entry, of those after `from`, that is as wanted. */
  const until = (isWanted: (entry: Entry) => boolean, from = 0) =>
    Effect.async<Entry>((resume) => {
      const read = () => {
        const found = journal.slice(from).find(isWanted)
        if (found === undefined) return
        readers.delete(read)
        resume(Effect.succeed(found))
      }
      readers.add(read)
      read()
      return Effect.sync(() => readers.delete(read))
    })

  const start = (replica: string, wanted: Wanted) =>
    Effect.gen(function* () {
      const proxy = yield* Effect.acquireRelease(
        Effect.promise(() => startProxy({ port: Number(entrance.port || 5432) })),
        (open) => Effect.promise(() => open.close())
      )
      const own = new URL(entrance)
      own.port = String(proxy.port)
      const scope = yield* Effect.acquireRelease(Scope.make(), (open) =>
        Effect.zipRight(Effect.sync(proxy.pass), Scope.close(open, Exit.void))
      )
      const cluster = Ownership.layerCluster({
        servers: wanted.servers,
        address: replica,
        prints: {},
        ...(wanted.timing && { timing: wanted.timing })
      })
      const built = yield* Layer.buildWithScope(
        Layer.provide(cluster, Postgres.layer(Redacted.make(own.href))),
        scope
      )
      const ownership = Context.get(built, Ownership)
      for (const server of wanted.servers) {
        const prepare = Effect.as(
          Effect.zipRight(
            wanted.prepare ?? Effect.void,
            note({ replica, server, what: "prepared" })
          ),
          "link"
        )
        const own: Own = (tenure, link, linkIs) =>
          Effect.acquireRelease(note({ replica, server, what: "owns", tenure }), () =>
            note({ replica, server, what: "ends", tenure })
          ).pipe(Effect.zipRight(wanted.own?.(tenure, link, linkIs) ?? Effect.never), Effect.scoped)
        yield* Scope.extend(ownership.run(server, { prepare: () => prepare, own }), scope)
      }
      return { ownership, proxy, stop: Scope.close(scope, Exit.void) } satisfies Replica
    })

  return { database, journal, start, until, url: url.href }
})

export const owns = (replica: string, server?: string) => (entry: Entry) =>
  entry.what === "owns" &&
  entry.replica === replica &&
  (server === undefined || entry.server === server)

/** The longest time for which a server had no owner, between its first owner and now; seconds. */
export const longestVacancy = (journal: ReadonlyArray<Entry>, server: string): number => {
  let [owners, since, longest] = [0, 0, 0]
  for (const { at, server: its, what } of journal) {
    if (its !== server || what === "prepared") continue
    if (what === "owns" && owners === 0 && since > 0) longest = Math.max(longest, at - since)
    owners += what === "owns" ? 1 : -1
    if (owners === 0) since = at
  }
  return longest
}
