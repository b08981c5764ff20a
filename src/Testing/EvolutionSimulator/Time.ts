/** The simulator's time: the machine's, or that of an Effect `Clock`, which a test may turn by hand. */

export interface Time {
  /** ms since 1970 UTC. */
  readonly now: () => number
  /** Calls back after this many ms; gives the function that prevents it. */
  readonly after: (millis: number, act: () => void) => () => void
}

export const machineTime: Time = {
  now: Date.now,
  after: (millis, act) => {
    const timer = setTimeout(act, millis)
    return () => clearTimeout(timer)
  }
}

/** Timers that end together. */
export interface Timers {
  readonly after: Time["after"]
  /** A sleep that is ended with the others never returns: its caller has lost its connection. */
  readonly sleep: (millis: number) => Promise<void>
  readonly end: () => void
}

export const makeTimers = (time: Time): Timers => {
  const running = new Set<() => void>()
  const after: Time["after"] = (millis, act) => {
    const end = time.after(millis, () => {
      running.delete(cancel)
      act()
    })
    const cancel = (): void => {
      running.delete(cancel)
      end()
    }
    running.add(cancel)
    return cancel
  }
  return {
    after,
    sleep: (millis) =>
      millis <= 0 ? Promise.resolve() : new Promise((resolve) => after(millis, resolve)),
    end: () => {
      for (const cancel of running) cancel()
    }
  }
}
