/** The span of a call: its route, its instance, and the status of the answer. */
import type { HttpClientRequest } from "@effect/platform"
import { Effect } from "effect"
import * as Tracing from "../../Telemetry/Tracing.ts"

/** `name`: the instance that the call is about. At the end of the path, encoded, it becomes `:name`. */
export const call = (
  { method, url }: HttpClientRequest.HttpClientRequest,
  name: string | undefined
) => {
  const last = name === undefined ? "" : encodeURIComponent(name)
  const isLast = last !== "" && url.endsWith(`/${last}`)
  const template = isLast ? `${url.slice(0, -last.length)}:name` : url
  return Tracing.span(`evolution ${method} ${template}`, {
    kind: "client",
    attributes: {
      "http.request.method": method,
      "url.template": template,
      ...(name !== undefined && { instance: name })
    }
  })
}

/** Adds the status to the span of the call. */
export const answer = ({ status }: { readonly status: number }) =>
  Effect.annotateCurrentSpan("http.response.status_code", status)
