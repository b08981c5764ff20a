/** Repeatable random numbers, which follow from a seed. */
export interface Random {
  /** At least 0, less than 1. */
  readonly next: () => number
  /** A whole number, both ends included. */
  readonly between: (minimum: number, maximum: number) => number
  readonly pick: <A>(choices: readonly [A, ...ReadonlyArray<A>]) => A
}

/** Mulberry32; the text separates users of one seed, so that their numbers do not depend on each other. */
export const makeRandom = (seed: number, name = ""): Random => {
  let state = [...name].reduce(
    (hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16777619),
    seed
  )
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (minimum: number, maximum: number): number =>
    minimum + Math.floor(next() * (maximum - minimum + 1))
  return {
    next,
    between,
    pick: (choices) => choices[between(0, choices.length - 1)] ?? choices[0]
  }
}
