/** Which callers may see an endpoint, and which may say where it sends to. */
import { type Caller, holds, matcherOf } from "../Key.ts"

interface Shown {
  readonly bounds: {
    readonly instances: ReadonlyArray<string> | null
    readonly servers: ReadonlyArray<string> | null
  }
  readonly settings: {
    readonly instances?: ReadonlyArray<string> | undefined
    readonly servers?: ReadonlyArray<string> | undefined
    readonly target: {
      readonly type: string
      readonly headers?: Readonly<Record<string, unknown>> | undefined
    }
  }
}

type Bounds = Pick<Caller["Type"], "instances" | "servers">

/**
 * A pattern as a text in which each `*` that stands for any text is a character that no name has. A pattern that
 * matches this text matches every name that the first one does; `shop-\\*` does not match `shop-*`.
 */
const textOf = (pattern: string): string =>
  pattern.replaceAll(/\\?[\s\S]/gu, (one) => {
    if (one === "*") return "\0"
    return one.length > 1 && one.startsWith("\\") ? one.slice(1) : one
  })

const allMatch = (
  patterns: ReadonlyArray<string> | null | undefined,
  isMatched: (text: string) => boolean
): boolean => patterns?.map(textOf).every(isMatched) === true

const allIn = (
  some: ReadonlyArray<string> | null | undefined,
  all: ReadonlyArray<string>
): boolean => some?.every((one) => all.includes(one)) === true

/**
 * True if a caller may see every instance that the endpoint may ever take events of. Names that two patterns have in
 * common are not looked for, so an endpoint may be hidden that need not be.
 */
export const isWithin = (
  {
    bounds,
    settings
  }: Pick<Shown, "bounds"> & {
    readonly settings: Pick<Shown["settings"], "instances" | "servers">
  },
  { instances, servers }: Bounds
): boolean => {
  const isNamed =
    instances === null ||
    [settings.instances, bounds.instances].some((patterns) =>
      allMatch(patterns, matcherOf(instances))
    )
  return (
    isNamed &&
    (servers === null || [settings.servers, bounds.servers].some((named) => allIn(named, servers)))
  )
}

const isReference = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "env" in value

/**
 * True if a caller may make the endpoint what it is. One that refers to the environment sends a variable of this
 * service to an address that the caller chooses: whoever may do that can read the variable. So it takes the same
 * key as keys do.
 */
export const mayShape = (
  { settings: { target } }: Pick<Shown, "settings">,
  caller: Caller["Type"]
): boolean => {
  const refers = target.type !== "webhook" || Object.values(target.headers ?? {}).some(isReference)
  return (
    holds(caller, refers ? "admin" : "operate") &&
    (!refers || (caller.instances === null && caller.servers === null))
  )
}
