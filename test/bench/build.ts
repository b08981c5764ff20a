/** Builds the service as users do, and the bench's own programs. */
import { execFileSync } from "node:child_process"
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { type BuildOptions, build, type Plugin } from "esbuild"
import { logFile } from "./Program.ts"
import { root } from "./paths.ts"

const programs = join(import.meta.dirname, "programs")
/** Modules that several programs share. */
const shared = new Set(["serve.ts", "rival.ts"])

/** The service without its deliveries. */
export const withoutDeliveries = "dist/bench/undelivered/main.js"

const banner = {
  js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);"
}

const common = {
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  minify: true,
  external: ["@electric-sql/pglite", "amqplib", "@nats-io/*", "pg-native"],
  banner,
  logLevel: "warning"
} satisfies BuildOptions

/** Leaves the layer of the deliveries out. */
const nothingDelivered: Plugin = {
  name: "nothing delivered",
  setup: ({ onLoad }) =>
    onLoad({ filter: /src\/Delivery\/Deliveries\.ts$/ }, () => ({
      contents: 'export { empty as layer } from "effect/Layer"',
      resolveDir: root
    }))
}

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
    ...common
  })
  await build({
    entryPoints: [join(root, "src/main.ts")],
    outfile: join(root, withoutDeliveries),
    plugins: [nothingDelivered],
    ...common
  })
  symlinkSync(join(root, "dist/Pages"), join(root, dirname(withoutDeliveries), "Pages"))
}
