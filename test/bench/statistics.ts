/** Median and range of measurements. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly runs: number
}

export const summarize = (values: ReadonlyArray<number>): Summary => ({
  median: quantile(values, 0.5),
  min: Math.min(...values),
  max: Math.max(...values),
  runs: values.length
})

/** The quantile, interpolated between two values; `NaN` without values. */
export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = [...values].sort((left, right) => left - right)
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

/**
 * Ratios of two contenders that were measured in turn: each run is divided by its neighbour, so that a slow
 * phase of the machine affects both.
 */
export const ratios = (
  values: ReadonlyArray<number>,
  others: ReadonlyArray<number>
): ReadonlyArray<number> =>
  values.flatMap((value, index) => {
    const other = others[index]
    return other === undefined ? [] : [value / other]
  })

/**
 * The range in which the median of all such measurements is, with a probability of at least 95 %: by the ranks of the
 * values alone, whatever their distribution. `undefined` with fewer than six.
 */
export const medianRange = (
  values: ReadonlyArray<number>
): readonly [from: number, to: number] | undefined => {
  const sorted = [...values].sort((left, right) => left - right)
  /** The probability that the median is below the value of a rank: of as many heads or fewer. */
  let [below, ways, rank] = [0, 1, 0]
  while (below + ways / 2 ** sorted.length <= 0.025) {
    below += ways / 2 ** sorted.length
    ways = (ways * (sorted.length - rank)) / (rank + 1)
    rank++
  }
  const [from, to] = [sorted[rank - 1], sorted[sorted.length - rank]]
  return from === undefined || to === undefined ? undefined : [from, to]
}
