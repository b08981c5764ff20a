/** The program of the command `simulate`, apart from the service's, which does not load it. */
import { run } from "./Program.ts"

const [first, ...others] = process.argv.slice(2)
try {
  // `main.ts` loads this file with its own arguments.
  await run(first === "simulate" ? others : process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
