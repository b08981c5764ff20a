/** The setting that makes a process one of several replicas on one Postgres. */
import { networkInterfaces } from "node:os"
import { Config, ConfigError, Either, Option, type Redacted } from "effect"
import { httpUrl } from "./HttpUrl.ts"

export interface Cluster {
  /** The address at which the other replicas reach this one: `http://10.0.0.7:8000/`. */
  readonly address: URL
  /** That of the pages and the API, which all replicas share. */
  readonly apiKey: Redacted.Redacted
}

interface Around {
  readonly http: Config.Config<{
    readonly host: string
    readonly port: number
    readonly apiKey: Option.Option<Redacted.Redacted>
  }>
  readonly databaseUrl: Config.Config<Option.Option<unknown>>
}

/** `None`: a process alone. */
export const cluster = ({ databaseUrl, http }: Around): Config.Config<Option.Option<Cluster>> =>
  Config.all({
    isOn: Config.boolean("CLUSTER").pipe(Config.withDefault(false)),
    address: Config.option(httpUrl("CLUSTER_ADDRESS")),
    databaseUrl,
    http
  }).pipe(
    Config.mapOrFail(({ address, databaseUrl, http, isOn }) => {
      if (!isOn) return Either.right(Option.none())
      if (Option.isNone(databaseUrl))
        return wrong(
          "DATABASE_URL",
          "Expected the address of a Postgres, as CLUSTER is on: replicas share it"
        )
      if (Option.isNone(http.apiKey))
        return wrong("API_KEY", "Expected a key, as CLUSTER is on: all replicas need the same one")
      return Either.right(
        Option.some({
          apiKey: http.apiKey.value,
          address: Option.getOrElse(address, () => ownAddress(http))
        })
      )
    })
  )

const wrong = (setting: string, why: string) => Either.left(ConfigError.InvalidData([setting], why))

/** `HOST` where that is one address, else the first address of this machine that others may reach. */
const ownAddress = ({ host, port }: { readonly host: string; readonly port: number }): URL => {
  const isEvery = host === "0.0.0.0" || host === "::"
  const reachable = Object.values(networkInterfaces())
    .flat()
    .find((one) => one !== undefined && !one.internal && one.family === "IPv4")
  const own = isEvery ? (reachable?.address ?? "127.0.0.1") : host
  return new URL(`http://${own.includes(":") ? `[${own}]` : own}:${port}/`)
}
