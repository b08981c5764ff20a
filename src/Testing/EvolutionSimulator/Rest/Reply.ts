/** Answers of Evolution's REST, and its errors, which have `message` in three shapes. */

export interface Reply {
  readonly status: number
  /** Sent as JSON; without it the answer is empty. */
  readonly body?: unknown
}

export const ok = (body: unknown): Reply => ({ status: 200, body })
export const created = (body: unknown): Reply => ({ status: 201, body })

export const failure = (status: number, error: string, message: unknown): Reply => ({
  status,
  body: { status, error, response: { message } }
})

export const badRequest = (message: unknown): Reply => failure(400, "Bad Request", [message])
export const serverError = (message: string): Reply =>
  failure(500, "Internal Server Error", message)
export const unauthorized = failure(401, "Unauthorized", "Unauthorized")
export const notFound = (name: string): Reply =>
  failure(404, "Not Found", [`The "${name}" instance does not exist`])
export const noRoute = (method: string, path: string): Reply =>
  failure(404, "Not Found", [`Cannot ${method} ${path}`])

/** A thrown object, which Evolution writes into its answer as text. */
export const stringifiedObject = ok({ error: true, message: "[object Object]" })

export const success = (message: string): Reply =>
  ok({ status: "SUCCESS", error: false, response: { message } })

export const license: Reply = {
  status: 503,
  body: {
    error: "service not activated",
    code: "LICENSE_REQUIRED",
    message: "Activate this server at /manager/login"
  }
}

/** The real one has this call, and the simulated one has not. */
export const notSimulated = (method: string, path: string): Reply =>
  failure(501, "Not Implemented", [`The simulated Evolution does not answer ${method} ${path}`])
