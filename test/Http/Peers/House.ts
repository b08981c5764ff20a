/** Several replicas in one process, on one Postgres, and an Evolution for each of their servers. */
import { SqlClient } from "@effect/sql"
import { Context, Effect, Exit, Layer, Logger, LogLevel, Redacted, Scope } from "effect"
import { Ownership } from "../../../src/Cluster/Ownership.ts"
import * as EvolutionListener from "../../../src/EvolutionListener.ts"
import * as Http from "../../../src/Http/mod.ts"
import { Servers } from "../../../src/Instances/Servers.ts"
import * as Postgres from "../../../src/Storage/Postgres.ts"
import { type Simulator, scopedSimulator } from "../../../src/Testing/mod.ts"
import { freshDatabaseUrl } from "../../support/databases.ts"
import { freePort } from "../../support/ServiceProcess.ts"
import { settings } from "../../support/settings.ts"
import { key } from "../Service.ts"

export const testDatabaseUrl = process.env.TEST_DATABASE_URL ?? ""

/** An instance that each Evolution has. */
export const shop = "shop"

interface Request extends Omit<RequestInit, "body"> {
  readonly body?: object
}

/** The settings that all replicas of a world share. */
export const variablesOf = (
  simulators: Readonly<Record<string, Simulator>>,
  database: string
): Record<string, string> => ({
  API_KEY: key,
  CLUSTER: "true",
  DATABASE_URL: database,
  EVOLUTION_SERVERS: Object.keys(simulators).join(","),
  ...Object.fromEntries(
    Object.entries(simulators).flatMap(([id, { apiKey, url }]) => [
      [`EVOLUTION_API_URL__${id.toUpperCase()}`, url],
      [`EVOLUTION_API_KEY__${id.toUpperCase()}`, apiKey]
    ])
  )
})

/** Asks with the key of the world, and has the answer whole. */
export const asking =
  (url: string) =>
  (method: string, path: string, { body, headers, ...init }: Request = {}) =>
    Effect.promise(async (signal) => {
      const response = await fetch(`${url}${path}`, {
        method,
        signal,
        headers: {
          apikey: key,
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...init
      })
      const text = await response.text()
      const type = response.headers.get("content-type") ?? ""
      return {
        status: response.status,
        headers: Object.fromEntries(response.headers),
        text,
        json: Object(type.startsWith("application/json") && text !== "" ? JSON.parse(text) : {})
      }
    })

/** One of several replicas, until the scope closes or `stop`. */
export const replica = (
  shared: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>> = {}
) =>
  Effect.gen(function* () {
    const port = yield* freePort
    const url = `http://127.0.0.1:${port}`
    const scope = yield* Effect.acquireRelease(Scope.make(), (open) => Scope.close(open, Exit.void))
    const context = yield* Layer.buildWithScope(
      Http.layer.pipe(
        Layer.provideMerge(EvolutionListener.layerServers),
        Layer.provide(
          settings({ ...shared, PORT: String(port), CLUSTER_ADDRESS: `${url}/`, ...own })
        ),
        Layer.provide(Logger.minimumLogLevel(LogLevel.None))
      ),
      scope
    )
    const ownership = Context.get(context, Ownership)
    const servers = Context.get(context, Servers)
    return {
      url,
      call: asking(url),
      context,
      id: ownership.me,
      ownership,
      owns: (server: string) => servers.get(server)?.owned() !== undefined,
      stop: Scope.close(scope, Exit.void)
    }
  })

export type Replica = Effect.Effect.Success<ReturnType<typeof replica>>

/** Repeats until the value is as wanted, and gives that. */
export const until = <A, E, R>(
  look: Effect.Effect<A, E, R>,
  isWanted: (value: A) => boolean
): Effect.Effect<A, E, R> =>
  Effect.flatMap(look, (value) =>
    isWanted(value)
      ? Effect.succeed(value)
      : Effect.delay(
          Effect.suspend(() => until(look, isWanted)),
          "25 millis"
        )
  )

/** `ids`: of the servers. Each has the linked instance `shop`, and one that is called as the server. */
export const world = (ids: ReadonlyArray<string> = ["default"]) =>
  Effect.gen(function* () {
    const database = (yield* freshDatabaseUrl(testDatabaseUrl)).href
    const simulators: Record<string, Simulator> = {}
    for (const id of ids) {
      const simulator = yield* scopedSimulator({ apiKey: `key-of-${id}-0123456789` })
      simulator.addLinked(shop)
      simulator.addLinked(id)
      simulators[id] = simulator
    }
    const shared = variablesOf(simulators, database)
    const sql = Context.get(
      yield* Layer.build(Postgres.layer(Redacted.make(database))),
      SqlClient.SqlClient
    )
    /** Has a replica own a server, and waits until it listens to all instances. */
    const give = (server: string, to: Replica) =>
      sql`
        insert into placements (server, replica) values (${server}, ${to.id})
        on conflict (server) do update set replica = excluded.replica`.pipe(
        Effect.zipRight(
          until(
            Effect.sync(() => to.owns(server)),
            (isOwner) => isOwner
          )
        ),
        Effect.zipRight(
          until(
            to.call("GET", `/instances?server=${server}`),
            ({ json, status }) =>
              status === 200 &&
              json.length >= 2 &&
              json.every(
                (one: { listener: { state: { _tag: string } } }) =>
                  one.listener.state._tag === "Listening"
              )
          )
        )
      )
    return { database, give, shared, simulators, sql }
  })
