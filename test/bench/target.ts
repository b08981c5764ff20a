/** A target, and whether a figure meets it. */
import { type Summary, summarize } from "./statistics.ts"

export interface Target {
  readonly id: string
  readonly title: string
  /** `undefined` if it was not measured. */
  readonly figure: Summary | undefined
  readonly bound: number
  readonly isLeast: boolean
  readonly unit: string
  /** Other figures that explain this one. */
  readonly note: string
}

export const isMet = ({ bound, figure, isLeast }: Target): boolean =>
  figure !== undefined && (isLeast ? figure.median >= bound : figure.median <= bound)

type Shape = Pick<Target, "id" | "title" | "bound" | "unit"> & { readonly note?: string }

export const atLeast = (shape: Shape, values: ReadonlyArray<number> | undefined): Target =>
  target(shape, values, true)
export const atMost = (shape: Shape, values: ReadonlyArray<number> | undefined): Target =>
  target(shape, values, false)

const target = (shape: Shape, values: ReadonlyArray<number> = [], isLeast: boolean): Target => ({
  note: "",
  ...shape,
  isLeast,
  figure: values.length === 0 || values.some(Number.isNaN) ? undefined : summarize(values)
})
