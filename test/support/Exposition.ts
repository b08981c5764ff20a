/**
 * A strict reader of Prometheus' text format 0.0.4: text that Prometheus would refuse or misread is an error
 * with its line.
 *
 * Format: https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: "counter" | "gauge" | "histogram"
  readonly samples: ReadonlyArray<Sample>
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const labelPair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/
const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const number = /^(?:[+-]?Inf|NaN|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/

const unescaped = (text: string): string =>
  text.replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped))

const toNumber = (text: string): number => {
  if (!number.test(text)) throw new Error(`No number: ${text}`)
  return Number(text.replace("Inf", "Infinity"))
}

const labelsOf = (text: string): Readonly<Record<string, string>> => {
  const labels: Record<string, string> = {}
  let rest = text
  while (rest !== "") {
    const [pair, label, value] = labelPair.exec(rest) ?? []
    if (pair === undefined || label === undefined || value === undefined)
      throw new Error(`No labels: ${text}`)
    if (label in labels) throw new Error(`Label twice: ${text}`)
    labels[label] = unescaped(value)
    rest = rest.slice(pair.length)
    if (pair.endsWith(",") && rest === "") throw new Error(`Comma without a label: ${text}`)
  }
  return labels
}

interface Open {
  readonly name: string
  readonly help: string
  readonly type: Family["type"]
  readonly samples: Array<Sample>
}

/** The families of a text, by name. */
export const parse = (text: string): ReadonlyMap<string, Family> => {
  if (!text.endsWith("\n")) throw new Error("The last line does not end")
  const families = new Map<string, Open>()
  const lines = text.slice(0, -1).split("\n")
  let current: Open | undefined
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ""
    try {
      if (line.startsWith("#")) {
        current = header(line, lines[++at] ?? "")
        if (families.has(current.name)) throw new Error("Family twice")
        families.set(current.name, current)
      } else {
        const [, name, labels = "", value] = sampleLine.exec(line) ?? []
        if (name === undefined || value === undefined) throw new Error("No sample")
        if (current === undefined || !belongs(name, current)) throw new Error("Of no family")
        current.samples.push({ name, labels: labelsOf(labels), value: toNumber(value) })
      }
    } catch (error) {
      throw new Error(`Line ${at + 1}, ${line}: ${error}`)
    }
  }
  for (const family of families.values()) check(family)
  return families
}

const header = (help: string, type: string): Open => {
  const [, name = "", words = ""] = /^# HELP (\S+) (.+)$/.exec(help) ?? []
  const [, typed, kind] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(type) ?? []
  if (!metricName.test(name) || typed !== name) throw new Error(`No header: ${type}`)
  if (kind !== "counter" && kind !== "gauge" && kind !== "histogram") throw new Error("No type")
  if ((kind === "counter") !== name.endsWith("_total")) throw new Error("Counters end in _total")
  if (/\\/.test(words.replace(/\\[\\n]/g, ""))) throw new Error("Wrong escape")
  return { name, help: unescaped(words), type: kind, samples: [] }
}

const belongs = (name: string, { name: family, type }: Open): boolean =>
  type === "histogram"
    ? ["_bucket", "_sum", "_count"].some((suffix) => name === family + suffix)
    : name === family

const identity = ({ labels, name }: Sample): string =>
  JSON.stringify([name, Object.entries(labels).sort()])

/** Checks that no sample comes twice, no counter is negative, and a histogram's buckets add up to its count. */
const check = ({ name, samples, type }: Family): void => {
  if (new Set(samples.map(identity)).size !== samples.length) throw new Error(`${name}: twice`)
  if (type === "counter" && samples.some(({ value }) => !(value >= 0)))
    throw new Error(`${name}: below zero`)
  if (type !== "histogram") return
  const members = new Map<string, Array<Sample>>()
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels
    const key = JSON.stringify(Object.entries(labels).sort())
    members.set(key, [...(members.get(key) ?? []), sample])
  }
  for (const [labels, member] of members) {
    const wrong = (why: string) => new Error(`${name}${labels}: ${why}`)
    const buckets = member.filter((one) => one.name === `${name}_bucket`)
    const bounds = buckets.map((one) => toNumber(one.labels.le ?? ""))
    const counts = buckets.map(({ value }) => value)
    const isRising = (numbers: ReadonlyArray<number>, by: (step: number) => boolean) =>
      numbers.every((now, at) => at === 0 || by(now - (numbers[at - 1] ?? 0)))
    if (!isRising(bounds, (step) => step > 0)) throw wrong("bounds do not rise")
    if (!isRising(counts, (step) => step >= 0)) throw wrong("buckets do not add up")
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) throw wrong("no +Inf")
    const one = (suffix: string) => member.filter((sample) => sample.name === name + suffix)
    if (one("_count").length !== 1 || one("_sum").length !== 1) throw wrong("no count and sum")
    if (one("_count")[0]?.value !== counts.at(-1)) throw wrong("count is not the last bucket's")
  }
}

/** The value of the one sample with these labels; `undefined` if there is none. */
export const sampleOf = (
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {}
): number | undefined => {
  for (const { samples } of families.values())
    for (const sample of samples)
      if (identity(sample) === identity({ name, labels, value: 0 })) return sample.value
  return undefined
}
