/** Requests that are no HTTP, or only half of a request. */
import { FastCheck } from "effect"
import type { BadRequest, Known } from "./Faults.ts"

const pick = <A>(choices: ReadonlyArray<A>) => FastCheck.constantFrom(...choices)

const kibibytes = (count: number) => " ".repeat(count * 1024)

const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

export const onTheWire = ({ instance, key }: Known): FastCheck.Arbitrary<BadRequest> => {
  const common = ["host: test", "connection: close", `apikey: ${key}`]
  const head = (first: string, ...headers: ReadonlyArray<string>) =>
    [first, ...common, ...headers, "", ""].join("\r\n")
  const post = (...headers: ReadonlyArray<string>) =>
    head("POST /instances HTTP/1.1", "content-type: application/json", ...headers)
  const get = (...headers: ReadonlyArray<string>) => head("GET /events HTTP/1.1", ...headers)
  const body = '{"name":"other"}'
  const chunked = post("transfer-encoding: chunked")

  const said = (fault: string, ...parts: ReadonlyArray<string>): BadRequest => ({
    fault,
    parts,
    ending: "wait"
  })
  const cut = (fault: string, ...parts: ReadonlyArray<string>): BadRequest => ({
    fault,
    parts,
    ending: "half-close"
  })

  return pick<BadRequest>([
    said("no request", "HELLO\r\n\r\n"),
    said("no request", "\u0000\u0001\u0002\r\n\r\n"),
    said("TLS", Buffer.from("160301020001", "hex").toString("latin1"), "\r\n\r\n"),
    said("no version", "GET /events\r\n\r\n"),
    said("version", "GET /events HTTP/9.9\r\n\r\n"),
    said("no method", ` /events HTTP/1.1\r\nhost: test\r\n\r\n`),
    said("lower case", "get /events HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n"),
    said("connect", "CONNECT evil.example:443 HTTP/1.1\r\nhost: test\r\n\r\n"),
    said("absolute address", head("GET http://evil.example/nowhere HTTP/1.1")),
    said("asterisk", head("OPTIONS * HTTP/1.1")),
    said("no slash", head("GET nowhere HTTP/1.1")),
    said("fragment", head("GET /nowhere#events HTTP/1.1")),
    said("bytes in the address", head("GET /\u00e9\u00ff HTTP/1.1")),
    said("no host", `GET /nowhere HTTP/1.1\r\nconnection: close\r\n\r\n`),
    said("two hosts", head("GET /nowhere HTTP/1.1", "host: evil.example")),
    said("header without colon", head("GET /events HTTP/1.1", "nonsense")),
    said("space in a header's name", get("bad name: x")),
    said("NUL in a header", get("x-bad: a\u0000b")),
    said("line break in a header", get("x-bad: a\rb")),
    said("header without a name", get(": x")),
    said("headers too large", get(`x-large: ${"x".repeat(20_000)}`)),
    said("many headers", get(...Array.from({ length: 2500 }, (_, n) => `x-${n}: y`))),
    said("address too long", head(`GET /nowhere?${"x".repeat(20_000)} HTTP/1.1`)),
    said("expectation", post("content-length: 16", "expect: a-miracle"), body),
    said("expectation", head("GET /events HTTP/1.1", "expect: tea")),
    said("length is no number", post("content-length: abc"), body),
    said("length is negative", post("content-length: -1"), body),
    said("two lengths", post("content-length: 16", "content-length: 17"), body),
    said(
      "length and chunks",
      post("content-length: 16", "transfer-encoding: chunked"),
      chunk(body)
    ),
    said("coding", post("transfer-encoding: gzip"), body),
    said("coding", post("transfer-encoding: chunked, identity"), body),
    said("length too small", post("content-length: 5"), body),
    said("length too large to be true", post("content-length: 99999999999999"), body),
    said("length beyond all numbers", post(`content-length: ${"9".repeat(40)}`), body),
    said("no chunk's size", chunked, "zz\r\n"),
    said("chunk without an end", chunked, "5\r\nhello5\r\n"),
    said("chunk's extension", chunked, `5;${"x".repeat(20_000)}\r\nhello\r\n`),
    said("too large", post(`content-length: ${65 * 1024}`), kibibytes(65)),
    said("too large", post(`content-length: ${4 * 1024 * 1024}`), kibibytes(4096)),
    said(
      "too large, asking first",
      post(`content-length: ${65 * 1024}`, "expect: 100-continue"),
      kibibytes(65)
    ),
    said(
      "too large in chunks",
      chunked,
      chunk(kibibytes(40)),
      chunk(kibibytes(40)),
      chunk(""),
      "\r\n"
    ),
    said("too large in one chunk", chunked, chunk(kibibytes(300)), "0\r\n\r\n"),
    said(
      "too large where none is wanted",
      head(`POST /instances/${instance}/stop HTTP/1.1`, `content-length: ${65 * 1024}`),
      kibibytes(65)
    ),
    said(
      "upgrade",
      head("GET /nowhere HTTP/1.1", "upgrade: websocket").replace("close", "upgrade, close")
    ),
    said("upgrade with a body", post("upgrade: h2c", "content-length: 3"), "[1]"),
    said("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    cut("half a first line", "GET /eve"),
    cut("half the headers", "GET /events HTTP/1.1\r\nhost: te"),
    cut("half a body", post("content-length: 100"), body),
    cut("half a chunk", chunked, "ff\r\nhello"),
    cut("chunks without the last", chunked, chunk(body)),
    said(
      "two in a row, both bad",
      `GET /nowhere HTTP/1.1\r\nhost: test\r\n\r\n${head("GET /nowhere HTTP/1.1")}`
    ),
    said("bad, then nonsense", `GET /nowhere HTTP/1.1\r\nhost: test\r\n\r\nnonsense\r\n\r\n`)
  ])
}

/** Those who begin and do not go on: each is told in the end. */
export const stalled = ({ key }: Known): ReadonlyArray<BadRequest> => {
  const head = ["POST /instances HTTP/1.1", "host: test", `apikey: ${key}`].join("\r\n")
  const wait = (fault: string, ...parts: ReadonlyArray<string>): BadRequest => ({
    fault,
    parts,
    ending: "wait"
  })
  return [
    wait("stalls in the headers", head),
    wait("stalls before the body", `${head}\r\ncontent-length: 16\r\n\r\n`),
    wait("stalls in the body", `${head}\r\ncontent-length: 16\r\n\r\n`, '{"name"'),
    wait("stalls between chunks", `${head}\r\ntransfer-encoding: chunked\r\n\r\n`, chunk("{"))
  ]
}
