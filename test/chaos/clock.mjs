/**
 * Loaded before a program (`--import`): sets the wall clock of the program. `CHAOS_CLOCK_AHEAD` is the
 * shift at the start, in milliseconds. On SIGUSR2 it reads the shift in
 * milliseconds from the file that `CHAOS_CLOCK` names, and confirms it in another file beside it. Monotonic
 * time (`performance`, `process.hrtime`, timers) goes on evenly, as on a real machine.
 */
import { readFileSync, writeFileSync } from "node:fs"

const file = process.env.CHAOS_CLOCK ?? ""
const now = Date.now.bind(Date)
let shift = Number(process.env.CHAOS_CLOCK_AHEAD ?? 0)

Date.now = () => now() + shift
globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [target.now()] : args, newTarget)
})

process.on("SIGUSR2", () => {
  shift = Number(readFileSync(file, "utf8"))
  writeFileSync(`${file}.${process.pid}`, String(shift))
})
