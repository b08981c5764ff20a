/** The languages of the examples, and whether this machine has them. */
import { spawnSync } from "node:child_process"

const runs = (command: string): boolean => spawnSync(command, ["--version"]).status === 0

export const interpreters = [
  { name: "Python", command: "python3", program: "examples/python/follow.py" },
  { name: "PHP", command: "php", program: "examples/php/follow.php" }
].map((language) => ({ ...language, isThere: runs(language.command) }))
