/** The API's types as JSON has them, for programs without Effect. */
import type { HttpApiEndpoint } from "@effect/platform"
import type { Cause, DateTime, Redacted } from "effect"
import type { CallName, EndpointOf, GroupName } from "./Routes.ts"

/** Times are ISO 8601 text, and names of instances plain text. */
export type Plain<A> = unknown extends A
  ? unknown
  : A extends DateTime.Utc
    ? string
    : A extends Redacted.Redacted<infer Secret>
      ? Plain<Secret>
      : A extends string
        ? Unbranded<A>
        : A extends number | boolean | bigint | null | undefined
          ? A
          : A extends ReadonlyArray<infer Item>
            ? ReadonlyArray<Plain<Item>>
            : A extends Error
              ? { readonly [Field in Exclude<keyof A, ErrorField>]: Plain<A[Field]> }
              : { readonly [Field in keyof A]: Plain<A[Field]> }

/** The fields of every error of Effect, which JSON does not have. */
type ErrorField = Exclude<keyof Cause.YieldableError, "message">

/** A literal stays one. */
type Unbranded<A extends string> = A extends `${infer Literal}` ? Literal : string

type PartsOf<Endpoint> =
  Endpoint extends HttpApiEndpoint.HttpApiEndpoint<
    infer _Name,
    infer _Method,
    infer Path,
    infer UrlParams,
    infer Payload,
    infer _Headers,
    infer Success,
    infer _E,
    infer _R,
    infer _RE
  >
    ? {
        readonly request: Given<Path> & Given<UrlParams> & Given<Payload>
        readonly answer: Success
      }
    : never

type Given<Part> = [Part] extends [never] ? unknown : Plain<Part>

/** Parameters of the path, of the query and fields of the body, side by side. */
type Call<Parts> = Parts extends { readonly request: infer Request; readonly answer: infer Answer }
  ? Record<never, never> extends Request
    ? (request?: Request, options?: CallOptions) => Promise<Answered<Answer>>
    : (request: Request, options?: CallOptions) => Promise<Answered<Answer>>
  : never

// biome-ignore lint/suspicious/noConfusingVoidType: an endpoint without an answer has this type.
type Answered<Answer> = [Answer] extends [void] ? undefined : Plain<Answer>

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

export type Calls = {
  readonly [Group in GroupName]: {
    readonly [Name in CallName<Group>]: Call<
      PartsOf<HttpApiEndpoint.HttpApiEndpoint.WithName<EndpointOf<Group>, Name>>
    >
  }
}
