/** The text of the file, YAML 1.2 or JSON, which is a part of it; and the places of its values. */
import { Either } from "effect"
import type { Document, Node, Pair } from "yaml"

export interface Parsed {
  readonly value: unknown
  /** From 1: the line in which the value at a path begins, or as much of the path as there is. */
  readonly lineOf: (path: ReadonlyArray<PropertyKey>) => number
}

/** One for each fault. */
export type Lines = readonly [string, ...ReadonlyArray<string>]

type Yaml = typeof import("yaml")

/** The text may quote a value after a colon. */
const withoutText = (message: string): string => message.split(": ")[0] ?? message

export const parse =
  (yaml: Yaml) =>
  (text: string): Either.Either<Parsed, Lines> => {
    const lines = new yaml.LineCounter()
    const document = yaml.parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: "error"
    })
    const [first, ...others] = [...document.errors, ...document.warnings].map(
      ({ message, pos: [at] }) => `line ${lines.linePos(at).line}: ${withoutText(message)}`
    )
    if (first !== undefined) return Either.left([first, ...others])
    return Either.try({
      try: (): Parsed => ({
        value: document.toJS(),
        lineOf: (path) => lines.linePos(placeOf(yaml, document, path)).line
      }),
      // An alias without its anchor, or so many of them that the value would be huge.
      catch: (error) => [withoutText(error instanceof Error ? error.message : "It is no YAML")]
    })
  }

const beginOf = (node: unknown): number | undefined =>
  typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range)
    ? Number(node.range[0])
    : undefined

const placeOf = (
  yaml: Yaml,
  document: Document.Parsed,
  path: ReadonlyArray<PropertyKey>
): number => {
  let node: Node | null | undefined = document.contents
  let place = beginOf(node) ?? 0
  for (const key of path) {
    if (yaml.isAlias(node)) node = node.resolve(document)
    if (yaml.isMap(node)) {
      const pair: Pair | undefined = node.items.find((item) => String(item.key) === String(key))
      if (pair === undefined) break
      place = beginOf(pair.key) ?? place
      node = yaml.isNode(pair.value) ? pair.value : null
    } else if (yaml.isSeq(node)) {
      const item: unknown = node.items[Number(key)]
      place = beginOf(item) ?? place
      node = yaml.isNode(item) ? item : null
    } else break
  }
  return place
}
