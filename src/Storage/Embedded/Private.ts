/**
 * The modes of a data directory. Its files hold messages and live codes, so they are for their owner alone,
 * also in a directory that an earlier version left open to others.
 */
import type { Stats } from "node:fs"
import { chmod, lstat, mkdir, readdir } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { detailOf } from "../../Domain/ErrorDetail.ts"

/** Permissions of group and others. */
const others = 0o077
/** Set on a directory such as `/tmp`, which must stay open. */
const sticky = 0o1000

/** Makes a directory that only its owner enters; does nothing if it is there. */
export const make = (directory: string): Promise<string | undefined> =>
  mkdir(directory, { recursive: true, mode: 0o700 })

/**
 * Takes all rights of others from a directory and from `names` in it, with everything below them. A file
 * system without modes, or a directory of another user, is only warned of.
 */
export const tighten = (directory: string, names: ReadonlyArray<string>): Effect.Effect<void> =>
  Effect.tryPromise(async () => {
    await close(directory)
    for (const name of names) await closeBelow(join(directory, name))
  }).pipe(
    Effect.catchAll((error) =>
      Effect.logWarning(
        `Cannot keep other users of this machine out of "${directory}", where messages are: ${detailOf(error)}`
      )
    )
  )

const close = async (path: string): Promise<Stats | undefined> => {
  const found = await lstat(path).catch(() => undefined) // not there yet, or not any more
  if (found === undefined || found.isSymbolicLink() || (found.mode & sticky) !== 0) return undefined
  if ((found.mode & others) !== 0) await chmod(path, found.mode & 0o700)
  return found
}

const closeBelow = async (path: string): Promise<void> => {
  const found = await close(path)
  if (found?.isDirectory() !== true) return
  for (const name of await readdir(path)) await closeBelow(join(path, name))
}
