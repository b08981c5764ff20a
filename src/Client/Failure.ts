/** The errors with which the promises of the client reject. Each has a `_tag`. */
import type { HttpApiEndpoint, HttpApiError, HttpApiGroup } from "@effect/platform"
import type * as Api from "../Http/Api.ts"
import type { Plain } from "./Plain.ts"
import { type Missed, messageOf, type Refusal } from "./Reading.ts"
import type { EndpointOf, GroupName, Groups } from "./Routes.ts"

/** The error as the service wrote it. `_tag` says which one it is, and so which fields it has. */
export type Answer = Plain<OfCalls | OfAnyRequest | HttpApiError.HttpApiDecodeError> | NotServing

type OfCalls = OfGroup<Groups> | HttpApiEndpoint.HttpApiEndpoint.Error<EndpointOf<GroupName>>

type OfGroup<Group> =
  Group extends HttpApiGroup.HttpApiGroup<infer _Id, infer _Endpoints, infer Errors, infer _R>
    ? Errors
    : never

/** The errors of the HTTP side itself. */
type OfAnyRequest = InstanceType<
  Extract<(typeof Api)[keyof typeof Api], new (...fields: never) => Error>
>

/** The service starts or stops. */
interface NotServing {
  readonly _tag: "NotServing"
  readonly message: string
}

/** The service understood the call and refused it. `_tag` is the one of the answer, e.g. `InstanceNotFound`. */
export class ServiceError extends Error {
  override readonly name = "ServiceError"
  readonly _tag: Answer["_tag"]
  /** HTTP's. */
  readonly status: number
  readonly answer: Answer

  constructor(status: number, answer: Answer) {
    super(answer.message)
    this._tag = answer._tag
    this.status = status
    this.answer = answer
  }
}

/** The answer is not of this service, but of something on the way to it. */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer"
  readonly _tag = "UnexpectedAnswer"
  /** HTTP's; 0 for a redirect in a browser, which does not tell. */
  readonly status: number

  constructor(refusal: Refusal) {
    super(messageOf(refusal))
    this.status = refusal.status
  }
}

/** No answer came. `cause` is the error of `fetch`. */
export class NotReached extends Error {
  override readonly name = "NotReached"
  readonly _tag = "NotReached"

  constructor(cause: unknown) {
    super(`The service cannot be reached: ${cause instanceof Error ? cause.message : cause}`, {
      cause
    })
  }
}

/** Events after `after` were purged before this reader came to them. To go on at `cursor`, iterate again. */
export class EventsMissed extends Error {
  override readonly name = "EventsMissed"
  readonly _tag = "EventsMissed"
  readonly after: number
  readonly cursor: number

  constructor({ after, cursor }: Missed) {
    super(`Events after ${after} were purged before they were read`)
    this.after = after
    this.cursor = cursor
  }
}

export const failureOf = (refusal: Refusal): ServiceError | UnexpectedAnswer =>
  refusal.error === undefined
    ? new UnexpectedAnswer(refusal)
    : // The service's errors have one shape, and it alone gives them.
      new ServiceError(refusal.status, refusal.error as Answer)
