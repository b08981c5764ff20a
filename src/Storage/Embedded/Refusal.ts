/** Reasons for which a data directory cannot be used, with the remedy. */
import { accessSync, constants, type Stats, statSync } from "node:fs"
import { dirname } from "node:path"
import { Either, Predicate } from "effect"
import { codeOf, detailOf } from "../../Domain/ErrorDetail.ts"

/** PGlite's file system has its errors as numbers (WASI's `errno`), without words. */
const codes: Readonly<Record<number, string>> = {
  2: "EACCES",
  19: "EDQUOT",
  29: "EIO",
  51: "ENOSPC",
  63: "EPERM",
  69: "EROFS"
}

const codeIn = (error: unknown): string | undefined =>
  codeOf(error) ??
  (Predicate.hasProperty(error, "errno") && typeof error.errno === "number"
    ? codes[error.errno]
    : undefined)

/** One line: what is the case, and what to do. Without an error, by the rights on the directory. */
export const reasonOf = (directory: string, error?: unknown): string => {
  const code = codeIn(error)
  // Node tells of a read-only file system as ENOENT when it makes several directories.
  switch (error === undefined || code === "ENOENT" ? obstacleAt(directory) : code) {
    case "ENOSPC":
    case "EDQUOT":
    case "53100":
      return "its disk is full: free some space, or give the volume more"
    case "EACCES":
    case "EPERM":
      return `it ${ownerOf(directory)}, and this process runs as uid ${process.getuid?.() ?? "unknown"}: ${remedy()}`
    case "EROFS":
      return "its file system is read-only: mount a volume there, or set DATABASE_URL"
    default:
      return error === undefined ? "give it to this user, or set DATABASE_URL" : wordsOf(error)
  }
}

const wordsOf = (error: unknown): string =>
  error instanceof Error || !Predicate.hasProperty(error, "errno")
    ? detailOf(error)
    : `PGlite met the error ${codeIn(error) ?? String(error.errno)} of the file system`

const remedy = (): string => {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()]
  return uid === undefined
    ? "give it to this user, or set DATABASE_URL"
    : `give it to that user (chown -R ${uid}:${gid}), or set DATABASE_URL`
}

/** A directory, or the nearest one above it that can be seen. */
const nearest = (directory: string): readonly [path: string, stats: Stats | undefined] => {
  const found = Either.getOrUndefined(Either.try(() => statSync(directory)))
  const above = dirname(directory)
  return found !== undefined || above === directory ? [directory, found] : nearest(above)
}

const obstacleAt = (directory: string): string | undefined =>
  Either.match(
    Either.try({
      try: () => accessSync(nearest(directory)[0], constants.W_OK | constants.X_OK),
      catch: codeOf
    }),
    { onLeft: (code) => code, onRight: () => undefined }
  )

const ownerOf = (directory: string): string => {
  const [path, stats] = nearest(directory)
  if (stats === undefined) return "cannot be made"
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, "0")
  return path === directory
    ? `belongs to uid ${stats.uid} (mode ${mode})`
    : `would be made in "${path}", which belongs to uid ${stats.uid} (mode ${mode})`
}
