/**
 * The API with escaped paths. Effect's client (fixed in version 4 alone) puts parameters into a path as they
 * are: a name such as `a/b` or `../keys` would reach another route.
 */
import type { HttpApiEndpoint, HttpApiGroup } from "@effect/platform"
import { Option, ParseResult, Record as Records, Schema } from "effect"
import { Api } from "../../Http/Api.ts"

type Endpoint = HttpApiEndpoint.HttpApiEndpoint.AnyWithProps

const withSegments = (endpoint: Endpoint): Endpoint =>
  Option.match(endpoint.pathSchema, {
    onNone: () => endpoint,
    onSome: (path) => endpoint.setPath(segments(path as Schema.Schema<Texts, Texts>))
  })

type Texts = Readonly<Record<string, string>>

const isStep = (text: string): boolean => text === "." || text === ".."

/** The texts of a path's parameters, as segments of an address. */
const segments = (path: Schema.Schema<Texts, Texts>) =>
  Schema.transformOrFail(Schema.Record({ key: Schema.String, value: Schema.String }), path, {
    decode: (found) => ParseResult.succeed(Records.map(found, decodeURIComponent)),
    encode: (given, _, ast) =>
      Object.values(given).some(isStep)
        ? ParseResult.fail(new ParseResult.Type(ast, given, "No path can carry this name"))
        : ParseResult.succeed(Records.map(given, encodeURIComponent))
  })

const withEndpoints = (group: HttpApiGroup.HttpApiGroup.AnyWithProps): object =>
  Object.create(group, { endpoints: { value: Records.map(group.endpoints, withSegments) } })

/** Has the groups and endpoints of `Api`, by name and type. */
export const escaped: typeof Api = Object.create(Api, {
  // The types of the groups do not matter here, and are too many for one function.
  groups: { value: Records.map(Api.groups as Record<string, never>, withEndpoints) }
})
