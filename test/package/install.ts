/** Packs the library and installs it as its users do, in folders that are removed at the end. */
import { execFile } from "node:child_process"
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import type { TestProject } from "vitest/node"
import { nodeVersions, root, run } from "./Run.ts"

const execute = promisify(execFile)

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>
  readonly version: string
  readonly devDependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>
}

const manifest: Manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

/** The lowest versions that the ranges of the peers allow. */
const lowest = Object.entries(manifest.peerDependencies)
  .filter(([name]) => manifest.peerDependenciesMeta[name]?.optional !== true)
  .map(([name, range]) => `${name}@${range.replace("^", "")}`)

/** A host's runner of tests. */
const runner = ["vitest", "@effect/vitest"].map(
  (name) => `${name}@${manifest.devDependencies[name]}`
)

/** Imports every entry of the package. */
const entries = Object.keys(manifest.exports)
  .filter((entry) => !entry.endsWith(".json"))
  .map(
    (entry, index) =>
      `export * as entry${index} from "${entry.replace(".", "evolution-listener")}"\n`
  )
  .join("")

const readme = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1]

const npm = (directory: string, ...args: ReadonlyArray<string>) =>
  execute("npm", args, { cwd: directory })

const install = (directory: string, ...args: ReadonlyArray<string>) =>
  npm(directory, "install", "--no-audit", "--no-fund", "--prefer-offline", ...args)

const folder = (home: string, name: string): string => {
  const directory = join(home, name)
  mkdirSync(directory)
  writeFileSync(
    join(directory, "package.json"),
    `{"name":"${name}","private":true,"type":"module"}`
  )
  return directory
}

/** Compiles all programs of a folder, also those with errors; gives the errors. */
const tsc = async (directory: string, compiler = "typescript", ...options: ReadonlyArray<string>) =>
  (await run(directory, process.execPath, `node_modules/${compiler}/bin/tsc`, ...options)).output

/** `PACKAGE_FOLDERS=newest`: only the folder of the examples, which is what the gate has time for. */
const isWhole = process.env.PACKAGE_FOLDERS !== "newest"

/** `PACKED` names a tarball that is there already. */
const pack = async (home: string): Promise<string> => {
  const tarball = join(home, "evolution-listener.tgz")
  if (process.env.PACKED !== undefined) cpSync(process.env.PACKED, tarball)
  else {
    await npm(root, "pack", "--pack-destination", home)
    renameSync(join(home, `evolution-listener-${manifest.version}.tgz`), tarball)
  }
  return tarball
}

export default async ({ provide }: TestProject) => {
  const home = mkdtempSync(join(tmpdir(), "evolution-listener-package-"))
  const remove = () => rmSync(home, { recursive: true, force: true })
  try {
    const tarball = await pack(home)
    const newest = join(home, "newest")
    cpSync(join(root, "examples/typescript"), newest, { recursive: true })
    const oldest = folder(home, "oldest")
    for (const directory of [newest, oldest]) {
      writeFileSync(join(directory, "entries.ts"), entries)
      writeFileSync(join(directory, "readme.ts"), readme ?? "")
    }
    cpSync(join(newest, "tsconfig.json"), join(oldest, "tsconfig.json"))
    await npm(newest, "pkg", "set", `dependencies.evolution-listener=file:${tarball}`)
    const others = () => [
      install(
        oldest,
        tarball,
        ...lowest,
        "typescript@5.7.3",
        "typescript-5.4@npm:typescript@5.4.5",
        "@types/node@20"
      ),
      install(folder(home, "command"), "--omit=peer", tarball),
      install(
        folder(home, "tools"),
        "publint@0.3.25",
        "@arethetypeswrong/cli@0.18.5",
        ...nodeVersions.map(
          (version) => `node${version}@npm:node-${process.platform}-${process.arch}@${version}`
        )
      )
    ]
    await Promise.all([install(newest, ...runner), ...(isWhole ? others() : [])])
  } catch (error) {
    remove()
    throw error
  }
  provide("home", home)
  provide("compiled", {
    newest: await tsc(join(home, "newest")),
    ...(isWhole
      ? {
          oldest: await tsc(join(home, "oldest")),
          skipping: await tsc(join(home, "oldest"), "typescript-5.4", "--noEmit", "--skipLibCheck")
        }
      : { oldest: "not compiled", skipping: "not compiled" })
  })
  return remove
}
