/** A call as a span, named by its route: what is asked for, of whom, and the status of the answer. */
import type { HttpClientRequest } from "@effect/platform"
import { Effect } from "effect"
import * as Tracing from "../../Telemetry/Tracing.ts"

/** `name`: the instance it is about; the last part of a path where it is one. */
export const call = (
  { method, url }: HttpClientRequest.HttpClientRequest,
  name: string | undefined
) => {
  const isLast = name !== undefined && url.endsWith(`/${name}`)
  const template = isLast ? `${url.slice(0, -name.length)}:name` : url
  return Tracing.span(`evolution ${method} ${template}`, {
    kind: "client",
    attributes: {
      "http.request.method": method,
      "url.template": template,
      ...(name !== undefined && { instance: name })
    }
  })
}

/** Within that span. */
export const answer = ({ status }: { readonly status: number }) =>
  Effect.annotateCurrentSpan("http.response.status_code", status)
