/** Requests with something wrong in them, drawn from a seed; sound ones are not among them. */
import { FastCheck } from "effect"
import type { Sent } from "../../support/RawHttp.ts"
import type { Operation } from "./Operations.ts"

export interface BadRequest extends Sent {
  /** What is wrong with it, for whoever reads of a failure. */
  readonly fault: string
}

export interface Known {
  readonly operations: ReadonlyArray<Operation>
  readonly key: string
  /** An instance that is there. */
  readonly instance: string
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

const drafting = ({ instance, key }: Known) => {
  const lengthOf = (body: string | Buffer) =>
    body.length === 0 ? [] : [["content-length", String(Buffer.byteLength(body))] as const]
  return {
    path: (operation: Operation, name = instance) =>
      operation.path.replaceAll(/\{\w+\}/g, () => name),
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

const badNames = [
  "",
  "a%20b",
  "%00",
  "shop%00",
  "..",
  "../events",
  "..%2Fevents",
  "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
  "a,b",
  "%E0%A4%A",
  "%zz",
  "loja-%C3%A7",
  "%F0%9F%98%80",
  "x".repeat(101),
  "x".repeat(5000),
  "'%20or%201=1--",
  "<script>",
  "%0d%0aX-Evil:%201",
  "-".repeat(200)
]

const badQueries: Readonly<Record<string, ReadonlyArray<string>>> = {
  limit: ["0", "-1", "1001", "ten", "1.5", "1e9", "", "NaN", "%00", "0x10", "9".repeat(400)],
  after: ["-1", "1.5", "x", "1e300", "", "%F0%9F%98%80", "Infinity"],
  before: ["-1", "1.5", "x", "1e300", ""],
  event: ["", ",", "a,,b", "a b", "%00", "x".repeat(101), `${"a,".repeat(40)}a`, "%ff"],
  instance: ["", "a b".replace(" ", "%20"), "x".repeat(101), "..%2F", "%00"],
  hours: ["0", "169", "-1", "x", ""],
  wait: ["-1", "61", "x", ""],
  format: ["gif", "", "PNG", "%00"],
  purge: ["yes", "", "2", "%00"]
}

const badFields: Readonly<Record<string, ReadonlyArray<unknown>>> = {
  "/keys name": ["", "x".repeat(101), 1, null, [], {}, "a\u0000", "a\nb", true],
  name: ["", "a b", "ü", "x".repeat(101), 1, null, [], {}, "../x", "a\u0000", true],
  number: ["12", "+5511999990001", 5511, "abc", "1".repeat(21), null, "", ["5511999990001"]],
  token: ["", "x".repeat(201), 1, null, {}],
  integration: ["TELEGRAM", "", null, 1],
  ttl: [0, 59, 86_401, "900", 1.5, null, -1, 1e300],
  ticket: [1, null, [], "not-one", ""],
  scope: ["god", "", null, 1],
  instances: [[], ["a b"], "shop-*", Array(101).fill("a"), [1], null],
  expiresAt: ["yesterday", 5, null, ""]
}

/** A sound body for each path that takes one, but for the names of what would come of it. */
const soundBodies: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "/instances": { name: "other", integration: "EVOLUTION", number: "5511999990001", token: "t" },
  "/instances/{name}/pair": { number: "5511999990001" },
  "/instances/{name}/pairing-links": { ttl: 900 },
  "/session": { ticket: "x" },
  "/keys": { name: "k", scope: "read", instances: ["shop-*"], expiresAt: "2100-01-01T00:00:00Z" }
}

const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`

const brokenBodies: ReadonlyArray<string | Buffer> = [
  "{",
  '{"name":"x"',
  "{'name':'x'}",
  '{"name":"x"}}',
  "name=x",
  "\u0000",
  "undefined",
  "NaN",
  '{"name":1e999999}x',
  '"\\ud800',
  "﻿{",
  deep(300),
  deep(5000),
  "[".repeat(60_000),
  Buffer.from('{"name":"é"}', "latin1"),
  Buffer.from('\ufeff{"name":"x"}', "utf16le"),
  Buffer.from([0xff, 0xfe, 0x00]),
  Buffer.from([0x1f, 0x8b, 0x08, 0x00])
]

const wrongRoots: ReadonlyArray<unknown> = [null, 1, "x", true, [], [[]], {}, [{ name: "x" }]]

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
    // Nothing in it is required.
    (root) => operation.path !== "/instances/{name}/pairing-links" || !isEmptyObject(root)
  )
  return FastCheck.oneof(
    wrongField,
    operation.path === "/session" ? wrongField : extra,
    pick(roots).map((root) => JSON.stringify(root)),
    pick(brokenBodies)
  )
}

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
