/** A world with several Evolution servers, whose instances may have the same names. */
import { Effect } from "effect"
import * as EvolutionListener from "../../../src/EvolutionListener.ts"
import { type Simulator, scopedSimulator } from "../../../src/Testing/mod.ts"
import { storage } from "../../support/databases.ts"
import { key, serve } from "../Service.ts"
import { World } from "./World.ts"

export class SeveralServers extends World {
  readonly evolutions: Readonly<Record<string, Simulator>>

  constructor(
    evolutions: Readonly<Record<string, Simulator>>,
    started: ConstructorParameters<typeof World>[0]
  ) {
    super(started)
    this.evolutions = evolutions
  }

  /** The Evolution of a server. */
  readonly at = (server: string): Simulator => {
    const evolution = this.evolutions[server]
    if (evolution === undefined) throw new Error(`There is no server "${server}"`)
    return evolution
  }

  /** Creates an instance that shows a code to scan. */
  readonly createAt = async (server: string, name: string): Promise<void> => {
    const { status, text } = await this.call("POST", `/instances?server=${server}`, { name })
    if (status !== 201) throw new Error(`Cannot create "${name}": ${text}`)
  }
}

/** Stands until the scope closes. `down`: a server whose Evolution does not answer. */
export const scopedServers = (ids: ReadonlyArray<string>, down?: string) =>
  Effect.gen(function* () {
    const evolutions: Record<string, Simulator> = {}
    const settings: Record<string, string> = {}
    for (const id of ids) {
      const evolution = yield* scopedSimulator()
      evolutions[id] = evolution
      const suffix = `__${id.toUpperCase().replaceAll("-", "_")}`
      settings[`EVOLUTION_API_URL${suffix}`] = id === down ? "http://127.0.0.1:9" : evolution.url
      settings[`EVOLUTION_API_KEY${suffix}`] = evolution.apiKey
    }
    const service = yield* serve(EvolutionListener.layer, {
      API_KEY: key,
      EVOLUTION_SERVERS: ids.join(","),
      ...(yield* storage),
      ...settings
    })
    const [first] = Object.values(evolutions)
    if (first === undefined) throw new Error("No server is named")
    return new SeveralServers(evolutions, { evolution: first, service })
  })
