/**
 * Makes the archive that an embedded database begins with: `initdb` in WebAssembly and all migrations take
 * seconds, to unpack their result does not. Run when the program is built; does nothing when the archive is what
 * this source makes:
 *
 *     node --import tsx src/Storage/initdb.ts FILE
 */
import { isCurrent, stamp, writeWhole } from "./Embedded/Stamp.ts"

const [, , file] = process.argv
if (file === undefined) throw new Error("Name the file to write")
if (!(await isCurrent(file))) {
  const { make } = await import("./Embedded/Seed.ts")
  await writeWhole(file, await make())
  await stamp(file)
}
