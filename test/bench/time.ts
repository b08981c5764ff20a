export const sleep = (millis: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, millis))

/** Polls a condition until it holds; gives the ms it took, and throws after `within` ms. */
export const until = async (
  what: string,
  isSo: () => Promise<boolean>,
  { every = 20, within = 60_000 }: { readonly every?: number; readonly within?: number } = {}
): Promise<number> => {
  const began = performance.now()
  while (!(await isSo())) {
    if (performance.now() - began > within)
      throw new Error(`${what}: not within ${within / 1000} s`)
    await sleep(every)
  }
  return performance.now() - began
}
