/** The files of a database in memory. PGlite has them in the file system of Emscripten. */
import { MemoryFS, type PGlite } from "@electric-sql/pglite"
import type { Entry } from "./Archive.ts"

/** The part of Emscripten's file system that is used here; PGlite has no types for it. */
interface Files {
  readonly mkdirTree: (path: string, mode: number) => void
  readonly writeFile: (
    path: string,
    content: Uint8Array,
    options: { readonly mode: number; readonly canOwn: boolean }
  ) => void
  readonly readFile: (path: string) => Uint8Array
  readonly readdir: (path: string) => ReadonlyArray<string>
  readonly stat: (path: string) => { readonly mode: number }
  readonly isDir: (mode: number) => boolean
}

const filesOf = ({ Module }: PGlite): Files => Module.FS

const home = ({ Module }: PGlite): string => Module.ENV.PGDATA

/** A file system that has the files of an archive when PGlite looks for its database. */
export class Begun extends MemoryFS {
  readonly #entries: Promise<Iterable<Entry>>

  constructor(entries: Promise<Iterable<Entry>>) {
    super()
    this.#entries = entries
  }

  override async initialSyncFs(): Promise<void> {
    const entries = await this.#entries
    if (this.pg === undefined) throw new Error("PGlite has not made its file system yet")
    const files = filesOf(this.pg)
    const root = home(this.pg)
    files.mkdirTree(root, 0o700)
    for (const { content, path } of entries)
      if (content === undefined) files.mkdirTree(`${root}${path}`, 0o700)
      else files.writeFile(`${root}${path}`, content, { mode: 0o600, canOwn: true })
  }
}

/** All files of a database in memory. */
export const entriesOf = (database: PGlite): ReadonlyArray<Entry> => {
  const files = filesOf(database)
  const root = home(database)
  const below = (path: string): ReadonlyArray<Entry> =>
    files
      .readdir(`${root}${path}`)
      .filter((name) => name !== "." && name !== "..")
      .sort()
      .flatMap((name) => {
        const inner = `${path}/${name}`
        return files.isDir(files.stat(`${root}${inner}`).mode)
          ? [{ path: inner }, ...below(inner)]
          : [{ path: inner, content: files.readFile(`${root}${inner}`) }]
      })
  return below("")
}
