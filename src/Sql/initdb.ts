/**
 * Makes what an embedded database begins with: `initdb` in WebAssembly takes seconds, to unpack what it
 * makes does not. For whoever builds the program:
 *
 *     node --import tsx src/Sql/initdb.ts FILE
 */
import { writeFile } from "node:fs/promises"
import { PGlite } from "@electric-sql/pglite"

const [, , file] = process.argv
if (file === undefined) throw new Error("Name the file to write")
const database = await PGlite.create()
const archive = await database.dumpDataDir("gzip")
await writeFile(file, Buffer.from(await archive.arrayBuffer()))
await database.close()
