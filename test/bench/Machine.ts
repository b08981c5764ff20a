/** The machine that the bench runs on, and the resources of a process as Linux counts them. */
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { cpus, loadavg, totalmem } from "node:os"
import { join } from "node:path"
import { root } from "./paths.ts"

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  /** Load average of the minute before the bench began. */
  readonly load: number
  readonly packages: Readonly<Record<string, string>>
  readonly commit: string
}

export const look = (): Machine => ({
  cpu: cpus()[0]?.model ?? "",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${process.platform} ${process.arch}`,
  node: process.version,
  load: loadavg()[0] ?? 0,
  packages: Object.fromEntries(
    ["effect", "pg", "ws", "socket.io", "socket.io-client", "@electric-sql/pglite"].map((name) => [
      name,
      versionOf(name)
    ])
  ),
  commit: commit()
})

const versionOf = (name: string): string =>
  JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).version

const commit = (): string => {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root }).toString().trim()
  } catch {
    return "unknown"
  }
}

/** Linux counts in ticks of 10 ms. */
const tickMillis = 10

/** CPU time that processes have used so far, in ms; `NaN` on systems that do not show it. */
export const cpuMillis = (pids: ReadonlyArray<number>): number => {
  try {
    return pids.reduce((sum, pid) => sum + cpuMillisOf(pid), 0)
  } catch {
    return Number.NaN
  }
}

const cpuMillisOf = (pid: number): number => {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8")
  // The name, in parentheses, may contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) * tickMillis
}

/** Resident memory in bytes, without what is shared with other processes' files. */
export const residentBytes = (pid: number): number => {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")
  const [, kib] = /^Rss:\s+(\d+)/m.exec(text) ?? []
  return Number(kib) * 1024
}
