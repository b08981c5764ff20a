import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Option } from "effect"
import { forwardedBy } from "../../src/Http/Forwarded.ts"
import { settings } from "../support/settings.ts"

type Headers = Readonly<Record<string, string>>

const by = (variables: Headers = {}) => Effect.provide(forwardedBy, settings(variables))

const request = (headers: Headers, peer = "172.18.0.3"): Parameters<Answer["address"]>[0] => ({
  headers: headers as never, // a record without Effect's brand
  remoteAddress: Option.some(peer)
})
type Answer = Effect.Effect.Success<typeof forwardedBy>

const host = "wa.example"
const inner = "listener:8000"

describe("the address of the service", () => {
  const known: ReadonlyArray<readonly [string, Headers, string]> = [
    ["no proxy", { host: "localhost:8000" }, "http://localhost:8000/"],
    // traefik and jodal/comics#658: the scheme alone, the host passed on
    ["the scheme", { host, "x-forwarded-proto": "https" }, "https://wa.example/"],
    // epoupon/fileshelter#88
    [
      "nginx",
      { host, "x-forwarded-proto": "https", "x-forwarded-for": "1.1.1.1" },
      "https://wa.example/"
    ],
    // nextcloud/server#22496, engelsystem/engelsystem#620: the inner host in Host
    [
      "a host of its own",
      { host: inner, "x-forwarded-proto": "https", "x-forwarded-host": host },
      "https://wa.example/"
    ],
    [
      "a port",
      { host: inner, "x-forwarded-proto": "https", "x-forwarded-host": "wa.example:8443" },
      "https://wa.example:8443/"
    ],
    // phpservermon/phpservermon#1098, linuxserver/Heimdall#301: Traefik with StripPrefix
    [
      "a prefix",
      { host, "x-forwarded-proto": "https", "x-forwarded-prefix": "/listener" },
      "https://wa.example/listener/"
    ],
    ["two proxies", { host, "x-forwarded-proto": "https, http" }, "https://wa.example/"],
    [
      "RFC 7239",
      { host: inner, forwarded: 'for=192.0.2.60;proto=https;host="wa.example:444"' },
      "https://wa.example:444/"
    ],
    ["an IPv6 host", { host: "[::1]:8000" }, "http://[::1]:8000/"]
  ]
  for (const [title, headers, address] of known)
    it.effect(`is what a trusted proxy says: ${title}`, () =>
      Effect.gen(function* () {
        const found = (yield* by()).address(request(headers))
        expect(Either.map(found, String)).toEqual(Either.right(address))
      })
    )

  const refused: ReadonlyArray<readonly [string, Headers]> = [
    ["no Host, as in HTTP/1.0", {}],
    ["a path", { host: "wa.example/evil" }],
    ["a user", { host: "wa.example@evil.example" }],
    ["a fragment", { host: "wa.example#" }],
    ["another scheme", { host, "x-forwarded-proto": "javascript" }],
    ["a prefix that is a host", { host, "x-forwarded-prefix": "//evil.example" }],
    ["a prefix with a query", { host, "x-forwarded-prefix": "/x?y" }],
    ["a port that is none", { host: "wa.example:99999" }]
  ]
  for (const [title, headers] of refused)
    it.effect(`is not known from ${title}`, () =>
      Effect.gen(function* () {
        expect((yield* by()).address(request(headers))).toEqual(
          Either.left("The request does not say at which address it reached us: set PUBLIC_URL")
        )
      })
    )

  it.effect("is not known if a proxy forwards that is not trusted", () =>
    Effect.gen(function* () {
      const headers = { host, "x-forwarded-proto": "https" }
      const { address } = yield* by()
      const left = Either.left(
        "A proxy at 203.0.113.9 forwards requests and is not trusted: set PUBLIC_URL, or add it to TRUST_PROXY"
      )
      expect(address(request(headers, "203.0.113.9"))).toEqual(left)
      expect(address(request({ host, forwarded: "proto=https" }, "203.0.113.9"))).toEqual(left)
      expect(Either.isRight(address(request({ host }, "203.0.113.9")))).toBe(true)
      const trusting = yield* by({ TRUST_PROXY: "203.0.113.0/24" })
      expect(Either.isRight(trusting.address(request(headers, "203.0.113.9")))).toBe(true)
      expect(Either.isLeft(trusting.address(request(headers, "127.0.0.1")))).toBe(true)
      const nobody = yield* by({ TRUST_PROXY: "none" })
      expect(Either.isLeft(nobody.address(request(headers, "127.0.0.1")))).toBe(true)
    })
  )
})

describe("the address of a caller", () => {
  const rows: ReadonlyArray<readonly [string, string, string | undefined, string]> = [
    ["no proxy", "198.51.100.7", undefined, "198.51.100.7"],
    ["a header from anybody", "198.51.100.7", "1.1.1.1", "198.51.100.7"],
    ["one proxy", "127.0.0.1", "198.51.100.7", "198.51.100.7"],
    ["an invented address in front", "172.18.0.3", "1.1.1.1, 198.51.100.7", "198.51.100.7"],
    ["two proxies", "127.0.0.1", "198.51.100.7, 10.0.0.4", "198.51.100.7"],
    ["IPv4 written as IPv6", "::ffff:10.0.0.4", "198.51.100.7", "198.51.100.7"],
    ["IPv6 and its own machine", "::1", "2001:db8::7", "2001:db8::7"],
    ["a port, as Azure adds one", "10.0.0.4", "198.51.100.7:41522", "198.51.100.7"],
    ["a port and IPv6", "10.0.0.4", "[2001:db8::7]:443", "2001:db8::7"],
    ["a hidden address", "10.0.0.4", "unknown", "unknown"],
    ["a long text", "10.0.0.4", "x".repeat(9000), "unknown"],
    ["callers in a private network", "10.0.0.4", "10.0.0.9", "10.0.0.9"]
  ]
  for (const [title, peer, header, address] of rows)
    it.effect(`is found behind trusted proxies: ${title}`, () =>
      Effect.gen(function* () {
        const headers = header === undefined ? {} : { "x-forwarded-for": header }
        expect((yield* by()).caller(request({ ...headers }, peer))).toEqual({ address, peer })
      })
    )
})

describe("TRUST_PROXY", () => {
  it.effect("is refused with a sentence if a part is no network", () =>
    Effect.gen(function* () {
      for (const text of [
        "all",
        "10.0.0.0/33",
        "10.0.0.0/8/8",
        "::/129",
        "loopback,",
        "10.0.0/8"
      ]) {
        const error = yield* Effect.flip(by({ TRUST_PROXY: text }))
        expect(String(error), text).toContain("Expected loopback, private, none, addresses")
      }
    })
  )
})
