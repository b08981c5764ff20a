/** One replica: a process of the service with ways of its own to Postgres and to each Evolution server. */
import { join } from "node:path"
import { startProxy, type TcpProxy } from "../../support/TcpProxy.ts"
import { makeService, type Service } from "../Service.ts"

export interface Replica {
  /** `r1`. */
  readonly name: string
  readonly service: Service
  /** Its way to Postgres. */
  readonly postgres: TcpProxy
  /** Its way to an Evolution server. */
  readonly link: (server: string) => TcpProxy
  readonly start: () => Promise<void>
  readonly kill: () => Promise<void>
  /** Stops it in good order. */
  readonly stop: () => Promise<{ readonly code: number | null; readonly millis: number }>
  readonly freeze: () => void
  readonly thaw: () => void
  /** It runs, and is not frozen. */
  readonly isUp: () => boolean
  /** Postgres' `application_name` of the process that runs, or was the last: `r1.2` is the second process. */
  readonly application: () => string
  readonly leave: () => Promise<void>
}

export interface Route {
  readonly server: string
  readonly host: string
  /** The port by which all replicas call the server. */
  readonly port: number
  /** The port at which it listens. */
  readonly target: number
}

interface Options {
  /** From 1. */
  readonly nth: number
  readonly databaseUrl: string
  readonly routes: ReadonlyArray<Route>
  readonly variables: Readonly<Record<string, string>>
  readonly aheadMillis: number
}

const preload = (file: string) => ["--import", join(import.meta.dirname, "..", file)]

export const makeReplica = async (options: Options): Promise<Replica> => {
  const { aheadMillis, databaseUrl, nth, routes, variables } = options
  const name = `r${nth}`
  const address = `127.0.0.${10 + nth}`
  const database = new URL(databaseUrl)
  const postgres = await startProxy({ port: Number(database.port) })
  const links = new Map<string, TcpProxy>()
  for (const { port, server, target } of routes)
    links.set(server, await startProxy({ port: target }, { host: address, port }))
  database.host = `127.0.0.1:${postgres.port}`

  const service = await makeService(
    {
      CLUSTER: "true",
      HOST: "127.0.0.1",
      CHAOS_ROUTES: routes.map(({ host }) => `${host}=${address}`).join(","),
      ...(aheadMillis === 0 ? {} : { CHAOS_CLOCK_AHEAD: String(aheadMillis) }),
      ...variables
    },
    [...preload("route.mjs"), ...(aheadMillis === 0 ? [] : preload("clock.mjs"))]
  )
  let starts = 0
  let isUp = false
  const application = () => `${name}.${starts}`
  const end = async (signal: NodeJS.Signals) => {
    isUp = false
    service.signal(signal)
    return service.end()
  }
  const send = (signal: NodeJS.Signals) => {
    isUp = signal === "SIGCONT"
    process.kill(service.pid(), signal)
  }

  return {
    name,
    service,
    postgres,
    link: (server) => {
      const found = links.get(server)
      if (found === undefined) throw new Error(`No server ${server}`)
      return found
    },
    start: async () => {
      starts++
      database.searchParams.set("application_name", application())
      await service.start({ variables: { DATABASE_URL: database.href } })
      isUp = true
    },
    kill: async () => void (await end("SIGKILL")),
    stop: () => end("SIGTERM"),
    freeze: () => send("SIGSTOP"),
    thaw: () => send("SIGCONT"),
    isUp: () => isUp,
    application,
    leave: async () => {
      await end("SIGKILL")
      await Promise.all([postgres, ...links.values()].map((proxy) => proxy.close()))
    }
  }
}
