/** The shipped program; built again when the source is newer. */
import { execFileSync } from "node:child_process"
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "../..")
const program = join(root, "dist/main.js")

const changed = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

const newest = (): number =>
  readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .map((file) => changed(join(root, "src", file)))
    .reduce((latest, time) => Math.max(latest, time), changed(join(root, "package.json")))

/** Its path. */
export const bundle = (): string => {
  if (changed(program) < newest())
    execFileSync("npm", ["run", "-s", "bundle"], { cwd: root, stdio: "inherit" })
  return program
}
