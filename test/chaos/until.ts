/** Waits by condition where there is one, and by the clock where the passing of time is the point. */

export const sleep = (millis: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, millis))

/** Expensive conditions are polled less often, so that polling is no load of its own. */
export const restAfter = (millis: number): number => 4 * millis

/** Polls until there is a value; an error counts as no value yet. */
export const until = async <A>(
  what: string,
  within: number,
  look: () => Promise<A | undefined | false>
): Promise<A> => {
  const begin = performance.now()
  let error: unknown
  while (performance.now() - begin < within) {
    const asked = performance.now()
    try {
      const seen = await look()
      if (seen !== undefined && seen !== false) return seen
      error = undefined
    } catch (caught) {
      error = caught
    }
    await sleep(Math.max(50, restAfter(performance.now() - asked)))
  }
  const why = error === undefined ? "" : `: ${error instanceof Error ? error.message : error}`
  throw new Error(`${what}: not within ${within / 1000} s${why}`)
}
