/**
 * Makes the archive that an embedded database begins with: `initdb` in WebAssembly takes seconds, to
 * unpack its result does not. Run when the program is built:
 *
 *     node --import tsx src/Storage/initdb.ts FILE
 */
import { rename, writeFile } from "node:fs/promises"
import { brotliCompressSync, constants } from "node:zlib"
import { PGlite } from "@electric-sql/pglite"

const [, , file] = process.argv
if (file === undefined) throw new Error("Name the file to write")
const database = await PGlite.create({
  startParams: [...PGlite.defaultStartParams, "-c", "wal_recycle=off"]
})
// What initdb wrote ahead is in the tables; it would be more than half of the archive.
await database.exec("checkpoint")
await database.exec("select pg_switch_wal()")
await database.exec("checkpoint")
const tar = await database.dumpDataDir("none")
const archive = brotliCompressSync(await tar.arrayBuffer(), {
  params: {
    // Nearly as small as the best quality, which takes a minute.
    [constants.BROTLI_PARAM_QUALITY]: 9,
    // initdb makes three databases that are the same: 8 MB reach from one to the next.
    [constants.BROTLI_PARAM_LGWIN]: 23
  }
})
// Whole or not at all: a start that found half of it would fail, and it would not be made again.
const aside = `${file}.${process.pid}`
await writeFile(aside, archive)
await rename(aside, file)
await database.close()
