/** Records all answers of the service over HTTP, to search them for secrets. */
import { Effect } from "effect"

export interface Ears {
  /** Sends a request and records the answer with its headers; gives its status and text. */
  readonly ask: (
    method: string,
    path: string,
    init?: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  ) => Effect.Effect<{ readonly status: number; readonly text: string }>
  /** Requests a secret that the service gives on purpose; records nothing. */
  readonly askForSecret: Ears["ask"]
  /** Records a stream until the service ends it. */
  readonly listen: (path: string) => Effect.Effect<void>
  /** Answers by request. */
  readonly heard: () => Readonly<Record<string, string>>
}

export const make = (url: string, apiKey: string): Ears => {
  const heard = new Map<string, string>()
  const keep = (request: string, text: string) =>
    heard.set(request, `${heard.get(request) ?? ""}${text}\n`)

  const send: Ears["ask"] = (method, path, { body, headers } = {}) =>
    Effect.promise(async () => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { apikey: apiKey, "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body })
      })
      const text = await response.text()
      return { status: response.status, text, headers: JSON.stringify([...response.headers]) }
    })

  return {
    ask: (method, path, init) =>
      Effect.tap(send(method, path, init), ({ status, text, ...rest }) =>
        keep(`${method} ${path}`, `${status} ${JSON.stringify(rest)} ${text}`)
      ),
    askForSecret: send,
    listen: (path) =>
      Effect.promise(async () => {
        const response = await fetch(`${url}${path}`, { headers: { apikey: apiKey } })
        const read = async () => {
          const decoder = new TextDecoder()
          for await (const part of response.body ?? [])
            keep(`stream ${path}`, decoder.decode(part, { stream: true }))
        }
        // The end of the service may cut the stream off.
        read().catch((error: Error) => keep(`stream ${path}`, error.message))
      }),
    heard: () => Object.fromEntries(heard)
  }
}
