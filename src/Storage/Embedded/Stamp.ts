/**
 * Tells whether an archive is what the source of now would make: beside it is a hash of the program that made it,
 * and of its own bytes. Times of files do not tell: a checkout sets them anew.
 */
import { createHash } from "node:crypto"
import { mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { build } from "esbuild"

const root = join(import.meta.dirname, "../../..")

const stampOf = (archive: string): string => `${archive}.stamp`

/** The program with all that it imports from here: migrations, views. Comments do not count. */
const program = async (): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [join(root, "src/Storage/initdb.ts")],
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    minifyWhitespace: true,
    write: false
  })
  return outputFiles.map(({ text }) => text).join("")
}

const hashOf = async (archive: string): Promise<string> =>
  createHash("sha256")
    .update(await program())
    .update(await readFile(join(root, "node_modules/@electric-sql/pglite/package.json")))
    .update(await readFile(archive))
    .digest("hex")

/** Whole or not at all: a start that found half of it would fail. */
export const writeWhole = async (file: string, content: string | Uint8Array): Promise<void> => {
  const aside = `${file}.${process.pid}`
  await mkdir(dirname(file), { recursive: true })
  await writeFile(aside, content)
  await rename(aside, file)
}

/** Stamps an archive that is there. */
export const stamp = async (archive: string): Promise<void> =>
  writeWhole(stampOf(archive), await hashOf(archive))

/** False also where there is no archive. */
export const isCurrent = async (archive: string): Promise<boolean> => {
  const there = await readFile(stampOf(archive), "utf8").catch(() => undefined)
  return there !== undefined && there === (await hashOf(archive).catch(() => undefined))
}
