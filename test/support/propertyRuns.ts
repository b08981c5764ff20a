/** Values that a property is tried with: the given number, or `PROPERTY_RUNS` where tests are run thousands of times. */
export const propertyRuns = (count: number): number => Number(process.env.PROPERTY_RUNS ?? count)
