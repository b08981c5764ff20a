/** Numbers as readable text. */

/** 12345.6 as `12 346`. */
export const whole = (value: number): string =>
  Number.isFinite(value)
    ? Math.round(value)
        .toString()
        .replaceAll(/\B(?=(\d{3})+$)/g, " ")
    : "-"

/** Three significant digits. */
export const short = (value: number): string =>
  Math.abs(value) >= 100 ? whole(value) : String(Number(value.toPrecision(3)))
