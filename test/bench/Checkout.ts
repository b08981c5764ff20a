/** A checkout of the service, built, and databases that its own migrations made. */
import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { type Databases, migrateOurs, openDatabases } from "./Databases.ts"
import { root } from "./paths.ts"
import { startService } from "./Service.ts"
import { withEvolution } from "./world.ts"

export interface Checkout {
  /** "us" for this checkout, "them" for the one that `--against` names. */
  readonly name: "us" | "them"
  /** Its `dist/main.js` is what runs. */
  readonly directory: string
  readonly databases: Databases
}

export const openUs = async (url: string): Promise<Checkout> => ({
  name: "us",
  directory: root,
  databases: await openDatabases(url, migrateOurs)
})

/** Builds the bundle of another checkout if it is missing; its program migrates its databases. */
export const openThem = async (url: string, path: string): Promise<Checkout> => {
  const directory = resolve(path)
  if (!existsSync(join(directory, "dist/main.js")))
    execFileSync("npm", ["run", "-s", "bundle"], { cwd: directory, stdio: ["ignore", 2, 2] })
  const migrate = (databaseUrl: string) =>
    withEvolution(async (evolution) => {
      const evolutionUrl = await evolution.ask("url")
      const service = await startService({ directory, databaseUrl, evolutionUrl })
      await service.stop()
    })
  return { name: "them", directory, databases: await openDatabases(url, migrate) }
}
