import { vi } from "@effect/vitest"

/**
 * Counts the pending timers that the pages' modules set. The fake clock's own count is of no use here: other modules in the
 * same worker set timers, too. Call it after `vi.useFakeTimers`, and `vi.unstubAllGlobals` before `vi.useRealTimers`.
 */
export const watchTimers = (): (() => number) => {
  const { clearInterval, clearTimeout, setInterval, setTimeout } = globalThis
  const pending = new Set<unknown>()
  const isOfPages = () => (new Error().stack ?? "").includes("/src/Http/Pages/")
  vi.stubGlobal("setTimeout", (run: () => void, millis?: number) => {
    if (!isOfPages()) return setTimeout(run, millis)
    const timer = setTimeout(() => {
      pending.delete(timer)
      run()
    }, millis)
    pending.add(timer)
    return timer
  })
  vi.stubGlobal("setInterval", (run: () => void, millis?: number) => {
    const timer = setInterval(run, millis)
    if (isOfPages()) pending.add(timer)
    return timer
  })
  const clearing =
    (clear: (timer: NodeJS.Timeout | undefined) => void) => (timer: NodeJS.Timeout | undefined) => {
      pending.delete(timer)
      clear(timer)
    }
  vi.stubGlobal("clearTimeout", clearing(clearTimeout))
  vi.stubGlobal("clearInterval", clearing(clearInterval))
  return () => pending.size
}
