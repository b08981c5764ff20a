/**
 * Prometheus' text format 0.0.4.
 *
 * Format: https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** One histogram of a family. `buckets` are cumulative, by upper bound, `+Inf` last. */
export interface Distribution {
  readonly labels: Readonly<Record<string, string>>
  readonly buckets: ReadonlyArray<readonly [bound: number, count: number]>
  readonly count: number
  readonly sum: number
}

interface Described {
  /** Without the suffix `_total` of counters. */
  readonly name: string
  readonly help: string
}

export interface Gauge extends Described {
  readonly type: "gauge"
  readonly samples: ReadonlyArray<Sample>
}

export type Family = Described &
  (
    | { readonly type: "counter" | "gauge"; readonly samples: ReadonlyArray<Sample> }
    | { readonly type: "histogram"; readonly samples: ReadonlyArray<Distribution> }
  )

/** Renders families in their order; adds `_total` to the names of counters. */
export const render = (families: Iterable<Family>): string => {
  let text = ""
  for (const family of families) {
    const name = family.type === "counter" ? `${family.name}_total` : family.name
    text += `# HELP ${name} ${escapeHelp(family.help)}\n# TYPE ${name} ${family.type}\n`
    if (family.type === "histogram")
      for (const member of family.samples) text += distribution(name, member)
    else for (const { labels, value } of family.samples) text += line(name, labels, value)
  }
  return text
}

const distribution = (name: string, { buckets, count, labels, sum }: Distribution): string =>
  buckets
    .map(([bound, below]) => line(`${name}_bucket`, { ...labels, le: numberText(bound) }, below))
    .join("") +
  line(`${name}_sum`, labels, sum) +
  line(`${name}_count`, labels, count)

const line = (name: string, labels: Sample["labels"], value: number): string => {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`)
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${numberText(value)}\n`
}

const numberText = (value: number): string => {
  if (Number.isNaN(value)) return "NaN"
  if (Number.isFinite(value)) return String(value)
  return value > 0 ? "+Inf" : "-Inf"
}

const escapeHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"')
