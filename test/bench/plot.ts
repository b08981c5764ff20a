/** Two curves as one SVG: events per second against instances, and latency against load. */
import { short, whole } from "./numbers.ts"
import type { Measured } from "./result.ts"
import { quantile } from "./statistics.ts"

interface Point {
  readonly x: number
  readonly y: number
  /** Range of the runs. */
  readonly range?: readonly [min: number, max: number]
}

interface Series {
  readonly name: string
  readonly points: ReadonlyArray<Point>
  readonly color: string
  /** A horizontal line to compare with. */
  readonly isLevel?: boolean
}

export interface Panel {
  readonly title: string
  readonly xTitle: string
  readonly yTitle: string
  readonly isLogY: boolean
  readonly series: ReadonlyArray<Series>
}

const [width, height] = [460, 320]
/** Space for the text of the last tick, which is wider than the margin. */
const spare = 12
const margin = { left: 64, right: 18, top: 40, bottom: 46 }
const colors = { us: "#0b7285", second: "#e8590c", level: "#868e96" }

/** Powers of ten within a range; with few of them also their doubles and fives. */
export const logTicks = (min: number, max: number): ReadonlyArray<number> => {
  const from = Math.floor(Math.log10(min))
  const to = Math.ceil(Math.log10(max))
  const steps = to - from > 2 ? [1] : [1, 2, 5]
  return Array.from({ length: to - from + 1 }, (_, power) => 10 ** (from + power))
    .flatMap((decade) => steps.map((step) => step * decade))
    .filter((tick) => tick >= min * 0.999 && tick <= max * 1.001)
}

/** Ticks from 0 to the first round number that is not below `max`. */
export const linearTicks = (max: number): ReadonlyArray<number> => {
  const rough = max / 4
  const decade = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 2.5, 5, 10].find((one) => one * decade >= rough) ?? 10) * decade
  return Array.from({ length: Math.ceil(max / step) + 1 }, (_, index) => index * step)
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

export const drawPanel = ({ isLogY, series, title, xTitle, yTitle }: Panel): string => {
  const points = series.flatMap((one) => one.points)
  const xs = points.map(({ x }) => x)
  const ys = points.flatMap(({ range = [], y }) => [y, ...range])
  if (points.length === 0) return ""
  const [minX, maxX] = [Math.min(...xs), Math.max(...xs)]
  const minY = Math.min(...ys) * 0.8
  const maxY = Math.max(...ys)
  const yTicks = isLogY ? logTicks(minY, maxY * 1.25) : linearTicks(maxY)
  const topY = isLogY ? maxY * 1.25 : (yTicks.at(-1) ?? maxY)
  const place = (share: number, from: number, to: number) =>
    (from + (Number.isFinite(share) ? share : 0.5) * (to - from)).toFixed(1)
  const logShare = (value: number, min: number, max: number) =>
    Math.log(value / min) / Math.log(max / min)
  const x = (value: number) => place(logShare(value, minX, maxX), margin.left, width - margin.right)
  const y = (value: number) =>
    place(isLogY ? logShare(value, minY, topY) : value / topY, height - margin.bottom, margin.top)

  const grid = yTicks.map(
    (tick) =>
      `<path class="grid" d="M${margin.left} ${y(tick)}H${width - margin.right}"/>` +
      `<text class="tick" x="${margin.left - 6}" y="${y(tick)}" dy="4" text-anchor="end">${tickText(tick)}</text>`
  )
  const ticks = [...new Set(xs)].map(
    (tick) =>
      `<text class="tick" x="${x(tick)}" y="${height - margin.bottom + 16}" text-anchor="middle">${tickText(tick)}</text>`
  )
  const curves = series.map(({ color, isLevel = false, points: own }) => {
    const path = own.map((point, index) => `${index === 0 ? "M" : "L"}${x(point.x)} ${y(point.y)}`)
    const dash = isLevel ? ' stroke-dasharray="5 4"' : ""
    const bars = own.flatMap(({ range, x: at }) =>
      range === undefined
        ? []
        : [`<path stroke="${color}" d="M${x(at)} ${y(range[0])}V${y(range[1])}"/>`]
    )
    const dots = isLevel
      ? []
      : own.map(
          (point) => `<circle fill="${color}" cx="${x(point.x)}" cy="${y(point.y)}" r="3.5"/>`
        )
    return `<path fill="none" stroke="${color}" stroke-width="2"${dash} d="${path.join("")}"/>${bars.join("")}${dots.join("")}`
  })
  const names = series.map(({ color, isLevel = false, name, points: own }) => {
    const last = own.at(-1)
    if (last === undefined) return ""
    const at = isLevel
      ? `x="${margin.left + 6}" text-anchor="start"`
      : `x="${x(last.x)}" text-anchor="end"`
    return `<text class="name" ${at} y="${y(last.y)}" dy="-8" fill="${color}">${escaped(name)}</text>`
  })
  return [
    `<text class="title" x="${margin.left}" y="20">${escaped(title)}</text>`,
    `<text class="axis" x="${margin.left}" y="${margin.top - 6}">${escaped(yTitle)}</text>`,
    `<text class="axis" x="${width - margin.right}" y="${height - 8}" text-anchor="end">${escaped(xTitle)}</text>`,
    ...grid,
    ...ticks,
    ...curves,
    ...names
  ].join("\n")
}

const tickText = (value: number): string => (value >= 1000 ? whole(value) : short(value))

const style = `
  text { font: 12px system-ui, sans-serif; fill: #495057 }
  .title { font-weight: 600; font-size: 14px; fill: #212529 }
  .name { font-weight: 600; paint-order: stroke; stroke: #fff; stroke-width: 3px }
  .grid { stroke: #dee2e6; fill: none }`

export const draw = (panels: ReadonlyArray<Panel>): string => {
  const drawn = panels.map(
    (panel, index) => `<g transform="translate(${index * width} 0)">\n${drawPanel(panel)}\n</g>`
  )
  const all = panels.length * width + spare
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${all} ${height}" width="${all}" height="${height}" role="img">
<title>${escaped(panels.map(({ title }) => title).join("; "))}</title>
<style>${style}</style>
<rect width="100%" height="100%" fill="#fff"/>
${drawn.join("\n")}
</svg>
`
}

/** A level across the whole panel. */
const level = (name: string, value: number, xs: ReadonlyArray<number>): ReadonlyArray<Series> =>
  Number.isFinite(value) && xs.length > 0
    ? [
        {
          name,
          color: colors.level,
          isLevel: true,
          points: [Math.min(...xs), Math.max(...xs)].map((x) => ({ x, y: value }))
        }
      ]
    : []

export const plotOf = ({ latency, rows, widths = [] }: Measured): string => {
  const ratesOf = (values: ReadonlyArray<{ readonly eventsPerSecond: number }> = []) =>
    values.map(({ eventsPerSecond }) => eventsPerSecond)
  const counts = widths.map(({ instances }) => instances)
  const rate = (name: string) => quantile(ratesOf(rows[name]?.rates), 0.5)
  const byLoad = latency?.byLoad.filter(({ p99 }) => Number.isFinite(p99)) ?? []
  const loads = byLoad.map(({ eventsPerSecond }) => eventsPerSecond)
  const bare = (which: "p50" | "p99") =>
    quantile(latency?.pairs.map((pair) => pair.bare[which]) ?? [], 0.5)
  const curve = (which: "p50" | "p99") =>
    byLoad.map((one) => ({ x: one.eventsPerSecond, y: one[which] }))
  return draw([
    {
      title: "Events stored and published per second",
      xTitle: "instances",
      yTitle: "events/s",
      isLogY: false,
      series: [
        ...level("Postgres alone", rate("postgres"), counts),
        ...level("hand-batched", rate("batched"), counts),
        ...level("naive", rate("naive"), counts),
        {
          name: "evolution-listener",
          color: colors.us,
          points: widths.map(({ instances, rates }) => {
            const values = ratesOf(rates)
            return {
              x: instances,
              y: quantile(values, 0.5),
              range: [Math.min(...values), Math.max(...values)] as const
            }
          })
        }
      ]
    },
    {
      title: "From Evolution's sending to a reader's screen",
      xTitle: "events/s",
      yTitle: "ms",
      isLogY: true,
      series: [
        ...level("a bare INSERT, p50", bare("p50"), loads),
        ...level("a bare INSERT, p99", bare("p99"), loads),
        { name: "p50", color: colors.us, points: curve("p50") },
        { name: "p99", color: colors.second, points: curve("p99") }
      ]
    }
  ])
}
