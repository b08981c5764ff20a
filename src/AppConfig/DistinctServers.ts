/** Compares the servers with each other, and with the variables that are set for them. */
import { Config, ConfigError, Effect, Option } from "effect"
import { together } from "./Explain.ts"
import { httpUrl } from "./HttpUrl.ts"
import { ignored, unread } from "./OwnVariables.ts"
import { identifying, servers } from "./Servers.ts"
import { type Loaded, Settings } from "./Setting.ts"

interface Address {
  readonly server: string
  /** The variable that has it. */
  readonly name: string
  readonly href: string
}

/** None, if it is missing or wrong, which is told elsewhere. */
const addressOf = (settings: Loaded, server: string) =>
  Effect.gen(function* () {
    const { load, worded } = yield* settings.ofServer(server)
    const url = yield* Effect.option(load(httpUrl("EVOLUTION_API_URL")))
    return Option.toArray(
      Option.map(url, ({ href }): Address => ({ server, name: worded("EVOLUTION_API_URL"), href }))
    )
  })

const repeated = (addresses: ReadonlyArray<Address>): ReadonlyArray<ConfigError.ConfigError> =>
  addresses.flatMap(({ href, name }, nth) =>
    addresses
      .slice(0, nth)
      .filter((other) => other.href === href)
      .slice(0, 1)
      .map(({ server }) =>
        ConfigError.InvalidData([name], `Expected another address than that of server "${server}"`)
      )
  )

/** Fails with each variable that no server reads, and with each address that two servers have. */
export const distinctServers: Effect.Effect<void, ConfigError.ConfigError, Settings> = Effect.gen(
  function* () {
    const settings = yield* Settings
    const ids = yield* settings.load(servers)
    const general = yield* Effect.filter(identifying, (name) =>
      Effect.map(settings.load(Config.option(Config.nonEmptyString(name))), Option.isSome)
    )
    const addresses = yield* Effect.forEach(ids, (id) => addressOf(settings, id))
    const wrong = together([
      ...unread(yield* settings.own, ids),
      ...ignored(general, ids),
      ...repeated(addresses.flat())
    ])
    if (wrong !== undefined) return yield* Effect.fail(wrong)
  }
)
