/**
 * Makes the archive that an embedded database begins with: `initdb` in WebAssembly takes seconds, to
 * unpack its result does not. Run when the program is built:
 *
 *     node --import tsx src/Storage/initdb.ts FILE
 */
import { rename, writeFile } from "node:fs/promises"
import { PGlite } from "@electric-sql/pglite"

const [, , file] = process.argv
if (file === undefined) throw new Error("Name the file to write")
const database = await PGlite.create()
const archive = await database.dumpDataDir("gzip")
// Whole or not at all: a start that found half of it would fail, and it would not be made again.
const aside = `${file}.${process.pid}`
await writeFile(aside, Buffer.from(await archive.arrayBuffer()))
await rename(aside, file)
await database.close()
