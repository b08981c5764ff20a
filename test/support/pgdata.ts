/** The archive that an embedded database begins with: made again when the source is not what made it. */
import { spawnSync } from "node:child_process"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { isCurrent } from "../../src/Storage/Embedded/Stamp.ts"

const root = join(import.meta.dirname, "../..")

export const archive = join(root, "dist/pgdata.br")

/** Without an archive, each start runs `initdb` and all migrations: slower, and never by another source. */
export const refreshArchive = async (): Promise<void> => {
  if (await isCurrent(archive)) return
  const { status } = spawnSync("npm", ["run", "-s", "pgdata"], { cwd: root, stdio: "inherit" })
  if (status !== 0) rmSync(archive, { force: true })
}
