import { isIP } from "node:net"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Guard from "../../src/Delivery/Guard.ts"
import { outgoing, textEvent } from "./messages.ts"
import { open, refusalOf } from "./Sink/open.ts"

/** Answers of a name server, by name. */
const names: Readonly<Record<string, ReadonlyArray<string>>> = {
  "public.example": ["93.184.216.34"],
  "private.example": ["10.0.0.5"],
  "six.example": ["fd12::5"],
  "mapped.example": ["::ffff:169.254.169.254"],
  "nat64.example": ["64:ff9b::a00:5"],
  "both.example": ["93.184.216.34", "10.0.0.5"],
  "all-private.example": ["10.0.0.5", "192.168.0.5"],
  localhost: ["::1", "127.0.0.1"],
  "localhost.": ["127.0.0.1"],
  "here.localhost": ["127.0.0.1"],
  "metadata.google.internal": ["169.254.169.254"],
  "xn--mnchen-3ya.example": ["10.0.0.5"],
  "nothing.example": []
}

/** `dns.lookup`, but for these names. */
const lookupIn =
  (answers: Readonly<Record<string, ReadonlyArray<string>>>): Guard.Lookup =>
  (name, _options, done) => {
    const found = answers[name]
    if (found === undefined) return done(failure("ENOTFOUND"), [])
    done(
      null,
      found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }))
    )
  }

const failure = (code: string) => Object.assign(new Error(`getaddrinfo ${code}`), { code })

const guard = (allow: ReadonlyArray<string>, lookup = lookupIn(names)) =>
  Layer.succeed(Guard.Guard, Guard.make({ allow, lookup }))

/** The addresses that a connection would be opened to, as Node does it: it looks up no address. */
const dialled = (address: string, allow: ReadonlyArray<string>) =>
  Effect.async<string>((resume) => {
    const url = new URL(address)
    const host = url.hostname.replace(/^\[|\]$/g, "")
    const { connector } = Guard.make({
      allow,
      lookup: lookupIn(names),
      build: (options) => () => {
        expect(options).toMatchObject({ timeout: 5000, rejectUnauthorized: true })
        if (isIP(host) !== 0) return resume(Effect.succeed(host))
        if (options !== undefined && "lookup" in options)
          options.lookup?.(host, { all: true }, (error, found) =>
            resume(
              error === null && Array.isArray(found)
                ? Effect.succeed(found.map((one) => one.address).join(" "))
                : Effect.die(error)
            )
          )
      }
    })
    connector(url)({ hostname: host, protocol: url.protocol, port: url.port }, (...[error]) =>
      resume(Effect.die(error))
    )
  })

describe("The guard", () => {
  it.live("refuses what is not public, in every spelling of a URL and behind every name", () =>
    Effect.gen(function* () {
      const refused = [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://127.0.0.1:8443/hook",
        "https://①②⑦.0.0.1/",
        "https://0/",
        "https://10.0.0.5/",
        "https://169.254.169.254/latest/meta-data/",
        "https://2852039166/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[0:0:0:0:0:ffff:169.254.169.254]/",
        "https://[64:ff9b::169.254.169.254]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1]/",
        "https://[2002:7f00:1::]/",
        "https://private.example/",
        "https://PRIVATE.example/",
        "https://six.example/",
        "https://mapped.example/",
        "https://nat64.example/",
        "https://all-private.example/",
        "https://localhost/",
        "https://localhost./",
        "https://here.localhost/",
        "https://metadata.google.internal/computeMetadata/v1/",
        "https://münchen.example/",
        // HTTP to a public address.
        "http://public.example/",
        "http://93.184.216.34/",
        "http://[2606:2800:220:1::1]/"
      ]
      const kinds = yield* Effect.forEach(
        refused,
        (url) => Effect.map(refusalOf({ url, timeout: 5 }), ({ kind }) => [url, kind] as const),
        { concurrency: 8 }
      ).pipe(Effect.provide(guard([])))
      expect(kinds).toEqual(refused.map((url) => [url, "forbidden"]))
    })
  )

  it.effect("lets pass what is public by HTTPS, and what the allow-list opens", () =>
    Effect.gen(function* () {
      const table = [
        ["https://93.184.216.34/", [], "93.184.216.34"],
        ["https://0x5db8d822/", [], "93.184.216.34"],
        ["https://[2606:2800:220:1::1]/", [], "2606:2800:220:1::1"],
        ["https://[::ffff:93.184.216.34]/", [], "::ffff:5db8:d822"],
        ["https://[64:ff9b::93.184.216.34]/", [], "64:ff9b::5db8:d822"],
        ["https://public.example/", [], "93.184.216.34"],
        ["https://both.example/", [], "93.184.216.34"],
        ["https://both.example/", ["10.0.0.0/8"], "93.184.216.34 10.0.0.5"],
        ["http://both.example/", ["10.0.0.0/8"], "10.0.0.5"],
        ["http://10.0.0.5/", ["10.0.0.0/8"], "10.0.0.5"],
        ["http://private.example/", ["10.0.0.0/8"], "10.0.0.5"],
        ["https://private.example/", ["10.0.0.5"], "10.0.0.5"],
        ["http://[::ffff:10.0.0.5]/", ["10.0.0.0/8"], "::ffff:a00:5"],
        ["http://[64:ff9b::a00:5]/", ["64:ff9b::/96"], "64:ff9b::a00:5"],
        ["http://six.example/", ["fd00::/8"], "fd12::5"],
        ["http://localhost/", ["127.0.0.0/8"], "127.0.0.1"],
        ["http://localhost/", ["127.0.0.0/8", "::1"], "::1 127.0.0.1"],
        ["http://169.254.169.254/", ["169.254.169.254"], "169.254.169.254"],
        ["http://169.254.169.254/", ["169.254.169.254/32"], "169.254.169.254"],
        ["http://public.example/", ["93.184.216.0/24"], "93.184.216.34"]
      ] as const
      for (const [address, allow, expected] of table)
        expect(yield* dialled(address, allow), address).toBe(expected)
    })
  )

  it.live("opens the metadata of a cloud for no network that has it in it", () =>
    Effect.gen(function* () {
      for (const url of [
        "http://169.254.169.254/",
        "http://[fd00:ec2::254]/",
        "http://metadata.google.internal/",
        "http://[::ffff:a9fe:a9fe]/"
      ]) {
        const { kind } = yield* refusalOf({ url, timeout: 5 }).pipe(
          Effect.provide(guard(["0.0.0.0/0", "::/0", "169.254.0.0/16", "fd00::/8"]))
        )
        expect(kind, url).toBe("forbidden")
      }
    })
  )

  it.scopedLive("connects only to those addresses of a name that pass", () =>
    Effect.gen(function* () {
      const both = lookupIn({ "both.example": ["10.255.255.1", "127.0.0.1", "169.254.169.254"] })
      const { calls, send } = yield* open({ host: "both.example" }, guard(["127.0.0.1"], both))
      expect(yield* send(outgoing(textEvent))).toEqual({ status: 200 })
      expect(calls[0]?.headers.host).toMatch(/^both\.example:\d+$/)
    })
  )

  it.scopedLive("checks the address that is connected to, and not one of an earlier answer", () =>
    Effect.gen(function* () {
      let asked = 0
      const answers = [["127.0.0.1"], ["10.0.0.5"], ["127.0.0.1"]]
      const rebinding: Guard.Lookup = (_name, options, done) =>
        lookupIn({ name: answers[asked++] ?? [] })("name", options, done)
      const { calls, connections, send } = yield* open(
        {
          host: "rebinding.example",
          answer: (response) => response.setHeader("connection", "close").end()
        },
        guard(["127.0.0.1"], rebinding)
      )
      expect(yield* send(outgoing())).toEqual({ status: 200 })
      expect(yield* Effect.flip(send(outgoing()))).toMatchObject({ kind: "forbidden" })
      expect(yield* send(outgoing())).toEqual({ status: 200 })
      // Each connection asks once: nothing is asked between the check and the connection.
      expect([calls.length, connections(), asked]).toEqual([2, 2, 3])
    })
  )

  it.live("tells what to do, and not the address behind a name", () =>
    Effect.gen(function* () {
      const messageOf = (url: string) => Effect.provide(refusalOf({ url, timeout: 5 }), guard([]))
      const behind = yield* messageOf("https://private.example")
      expect(behind.message).toBe(
        "Cannot reach the receiver: private.example resolves to a private address. If webhooks may go there, add its network to DELIVERY_ALLOW"
      )
      expect(behind.address).toBe("10.0.0.5")
      expect((yield* messageOf("http://public.example")).message).toBe(
        "Cannot reach the receiver: public.example resolves to a public address, and http:// shows the events to every network on the way. Use https://, or add the address to DELIVERY_ALLOW"
      )
      const literal = Guard.make({ allow: [] })
      expect(literal.objection(new URL("https://[::1]"))).toBe(
        "::1 is an address of this machine. If webhooks may go there, add its network to DELIVERY_ALLOW"
      )
      expect(literal.objection(new URL("https://8.8.8.8"))).toBeUndefined()
      expect(literal.objection(new URL("https://private.example"))).toBeUndefined()
    })
  )

  it.live(
    "leaves to others a name that does not exist, and a name server that does not answer",
    () =>
      Effect.gen(function* () {
        const url = "https://unknown.example"
        const absent = yield* Effect.provide(refusalOf({ url, timeout: 5 }), guard([]))
        expect(absent).toMatchObject({ kind: "unreachable" })
        const empty = yield* Effect.provide(
          refusalOf({ url: "https://nothing.example", timeout: 5 }),
          guard([])
        )
        expect(empty).toMatchObject({ kind: "unreachable" })
        const down: Guard.Lookup = (_name, _options, done) => done(failure("EAI_AGAIN"), [])
        const lost = yield* Effect.provide(refusalOf({ url, timeout: 5 }), guard([], down))
        expect(lost).toMatchObject({
          kind: "ours",
          message: "Cannot reach the receiver: the name server of this machine does not answer"
        })
      })
  )
})
