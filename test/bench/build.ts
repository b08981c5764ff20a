/** Builds the service as users do, and the bench's own programs. */
import { execFileSync } from "node:child_process"
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { build } from "esbuild"
import { logFile } from "./Program.ts"
import { root } from "./paths.ts"

const programs = join(import.meta.dirname, "programs")
/** Modules that several programs share. */
const shared = new Set(["serve.ts", "rival.ts"])

export const buildAll = async (): Promise<void> => {
  const outdir = join(root, "dist/bench")
  rmSync(outdir, { recursive: true, force: true })
  mkdirSync(outdir, { recursive: true })
  writeFileSync(logFile, "")
  execFileSync("npm", ["run", "-s", "bundle"], { cwd: root, stdio: ["ignore", 2, 2] })
  await build({
    entryPoints: readdirSync(programs)
      .filter((file) => file.endsWith(".ts") && !shared.has(file))
      .map((file) => join(programs, file)),
    outdir,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    minify: true,
    external: ["@electric-sql/pglite", "amqplib", "@nats-io/*", "pg-native"],
    banner: {
      js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);"
    },
    logLevel: "warning"
  })
}
