/** Programs that run to their end. */
import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"

const execute = promisify(execFile)

export const root = join(import.meta.dirname, "../..")

/** Versions of Node: the oldest and the newest one, or as `NODE_VERSIONS` says: `20,22,24,26`. */
export const nodeVersions = (process.env.NODE_VERSIONS ?? "20,26").split(",")

/** Runs a program to its end; its output, also when it fails. */
export const run = async (
  directory: string,
  program: string,
  ...args: ReadonlyArray<string>
): Promise<{ readonly code: number; readonly output: string }> => {
  try {
    const { stdout } = await execute(program, args, { cwd: directory, maxBuffer: 64 * 1024 * 1024 })
    return { code: 0, output: stdout }
  } catch (error) {
    // Node's error of a program that ended with another code than 0.
    const { code, stderr, stdout } = error as { code: number; stderr: string; stdout: string }
    return { code, output: stdout + stderr }
  }
}
