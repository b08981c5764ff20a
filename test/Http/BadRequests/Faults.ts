/** Requests with something wrong in them, drawn from a seed; sound ones are not among them. */
import { FastCheck } from "effect"
import type { Sent } from "../../support/RawHttp.ts"
import type { Operation } from "./Operations.ts"
import { badFields, badNames, badQueries, brokenBodies, soundBodies, wrongRoots } from "./Wrong.ts"

export interface BadRequest extends Sent {
  /** What is wrong with it, for whoever reads of a failure. */
  readonly fault: string
}

export interface Known {
  readonly operations: ReadonlyArray<Operation>
  readonly key: string
  /** An instance that is there. */
  readonly instance: string
  /** The id of an endpoint that is there. */
  readonly endpoint: string
}

interface Draft {
  readonly method: string
  readonly path: string
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly body: string | Buffer
}

const bytesOf = ({ body, headers, method, path }: Draft): ReadonlyArray<string | Buffer> => [
  [
    `${method} ${path} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    "",
    ""
  ].join("\r\n"),
  ...(body.length === 0 ? [] : [body])
]

const drafting = ({ endpoint, instance, key }: Known) => {
  const lengthOf = (body: string | Buffer) =>
    body.length === 0 ? [] : [["content-length", String(Buffer.byteLength(body))] as const]
  return {
    path: ({ path }: Operation) =>
      path
        .replace(/(?<=^\/endpoints\/)\{id\}/, () => endpoint)
        .replaceAll(/\{\w+\}/g, () => instance),
    draft: (
      operation: Operation,
      { body = "", headers = [], path }: Partial<Draft> & { readonly path: string }
    ): Draft => ({
      method: operation.method,
      path,
      headers: [
        ["host", "test"],
        ["connection", "close"],
        ["apikey", key],
        ...(body.length === 0 ? [] : [["content-type", "application/json"] as const]),
        ...lengthOf(body),
        ...headers
      ],
      body
    })
  }
}

const pick = <A>(choices: ReadonlyArray<A>) => FastCheck.constantFrom(...choices)

/** One body with a single fault in it. */
const badBody = (operation: Operation): FastCheck.Arbitrary<string | Buffer> => {
  const sound = soundBodies[operation.path] ?? {}
  const valuesFor = (field: string) =>
    badFields[`${operation.path} ${field}`] ?? badFields[field] ?? []
  const wrongField = pick(Object.keys(sound)).chain((field) =>
    pick(valuesFor(field)).map((value) => JSON.stringify({ ...sound, [field]: value }))
  )
  const extra = FastCheck.tuple(FastCheck.string({ minLength: 1 }), FastCheck.jsonValue()).map(
    ([name, value]) => JSON.stringify({ ...sound, [`extra ${name}`]: value })
  )
  const roots = wrongRoots.filter(
    (root) => !takesNothing.includes(operation.path) || !isEmptyObject(root)
  )
  return FastCheck.oneof(
    wrongField,
    operation.path === "/session" ? wrongField : extra,
    pick(roots).map((root) => JSON.stringify(root)),
    pick(brokenBodies)
  )
}

/** Nothing in their bodies is required. */
const takesNothing = [
  "/endpoints/{id}",
  "/endpoints/{id}/resume",
  "/endpoints/{id}/rotate",
  "/endpoints/{id}/undelivered/retry",
  "/instances/{name}/pairing-links",
  "/stream-tokens"
]

const isEmptyObject = (value: unknown): boolean => JSON.stringify(value) === "{}"

const wait = (fault: string, draft: Draft): BadRequest => ({
  fault,
  parts: bytesOf(draft),
  ending: "wait"
})

/** What is wrong wherever it is sent, for every operation. */
export const everywhere = (known: Known): ReadonlyArray<BadRequest> => {
  const { draft, path } = drafting(known)
  const faults: ReadonlyArray<Partial<Draft>> = [
    { headers: [["expect", "tea"]] },
    { headers: [["x-large", "x".repeat(20_000)]] },
    { body: " ".repeat(65 * 1024) },
    { body: "{" }
  ]
  return known.operations.flatMap((operation) =>
    faults.map((fault) => wait("any", draft(operation, { ...fault, path: path(operation) })))
  )
}

/** Faults of what is asked, in a request that is sound as HTTP. */
export const inMeaning = (known: Known): FastCheck.Arbitrary<BadRequest> => {
  const { draft, path } = drafting(known)
  const { operations } = known
  const bodied = operations.filter(({ takesBody }) => takesBody)

  const wrongMethod = FastCheck.tuple(
    pick(operations),
    pick(["PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "PURGE", "POST", "DELETE", "GET"])
  )
    .filter(
      ([{ path: one }, method]) =>
        !operations.some((other) => matches(other.path, one) && other.method === method)
    )
    .map(([operation, method]) =>
      wait("method", { ...draft(operation, { path: path(operation) }), method })
    )
  const wrongKey = FastCheck.tuple(
    pick(operations.filter(({ takesKey }) => takesKey)),
    pick([
      [],
      [["apikey", ""]],
      [["apikey", `${known.key}x`]],
      [["authorization", "Bearer"]],
      [["authorization", `Basic ${known.key}`]],
      [["authorization", `bearer${known.key}`]],
      [["apikey", "é".repeat(50)]]
    ] as ReadonlyArray<ReadonlyArray<readonly [string, string]>>)
  ).map(([operation, headers]) =>
    wait("key", {
      ...draft(operation, { path: path(operation) }),
      headers: [["host", "test"], ["connection", "close"], ...headers]
    })
  )
  const wrongName = FastCheck.tuple(
    pick(operations.filter((one) => one.path.includes("{"))),
    pick(badNames)
  ).map(([operation, name]) =>
    wait("name", draft(operation, { path: operation.path.replaceAll(/\{\w+\}/g, () => name) }))
  )
  const wrongPath = FastCheck.webPath({ size: "medium" }).map((one) =>
    wait("path", {
      method: "GET",
      path: `/nowhere${one || "/"}`,
      headers: [
        ["host", "test"],
        ["connection", "close"]
      ],
      body: ""
    })
  )
  const asked = operations.flatMap((operation) =>
    operation.query.flatMap((name) =>
      (badQueries[name] ?? []).map((value) => ({ operation, name, value }))
    )
  )
  const wrongQuery = pick(asked).map(({ name, operation, value }) =>
    wait(`query ${name}`, draft(operation, { path: `${path(operation)}?${name}=${value}` }))
  )
  const wrongHeader = FastCheck.tuple(
    pick(operations.flatMap((operation) => operation.headers.map((name) => ({ operation, name })))),
    pick(["x", "-1", "1.5", "1, 2", "é", "9".repeat(30), "0x1"])
  ).map(([{ name, operation }, value]) =>
    wait(`header ${name}`, draft(operation, { path: path(operation), headers: [[name, value]] }))
  )
  const wrongBody = pick(bodied).chain((operation) =>
    badBody(operation).map((body) =>
      wait("body", draft(operation, { path: path(operation), body }))
    )
  )
  const uncalledBody = FastCheck.tuple(
    pick(operations.filter((one) => !one.takesBody && one.method === "POST")),
    pick(brokenBodies)
  ).map(([operation, body]) => wait("body", draft(operation, { path: path(operation), body })))
  const wrongType = FastCheck.tuple(
    pick(bodied),
    pick([
      "text/plain",
      "application/xml",
      "multipart/form-data; boundary=x",
      "application/x-www-form-urlencoded",
      "application/json; charset=utf-16",
      "application/jsonp",
      "text/plain; application/json",
      "é"
    ])
  ).map(([operation, type]) => {
    const sound = draft(operation, {
      path: path(operation),
      body: JSON.stringify(soundBodies[operation.path])
    })
    const headers = sound.headers.map(
      ([name, value]) => [name, name === "content-type" ? type : value] as const
    )
    return wait("content-type", { ...sound, headers })
  })
  return FastCheck.oneof(
    wrongMethod,
    wrongKey,
    wrongName,
    wrongPath,
    wrongQuery,
    wrongHeader,
    { arbitrary: wrongBody, weight: 4 },
    uncalledBody,
    wrongType
  )
}

/** Whether a path of one operation is what another one's template describes. */
const matches = (template: string, path: string): boolean =>
  new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path.replaceAll(/[{}]/g, ""))
