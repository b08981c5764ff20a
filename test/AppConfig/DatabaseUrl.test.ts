import { describe, expect, it } from "@effect/vitest"
import { Either, FastCheck, Redacted } from "effect"
import * as AppConfig from "../../src/AppConfig.ts"
import { propertyRuns } from "../support/propertyRuns.ts"

const parse = AppConfig.parseDatabaseUrl

const whole = (address: string) =>
  Either.map(parse(address), ({ database, host, password, port, user }) => ({
    database,
    host,
    password: password && Redacted.value(password),
    port,
    user
  }))

const refusal = (address: string) => Either.getOrElse(Either.flip(parse(address)), () => "none")

/** Passwords that people have; those in the second list cannot stand in an address as they are. */
const plain = [
  "p@ss",
  "a:b",
  "p w",
  "señha-密码-👍",
  "$Pa$sword",
  "a[b]c{d}",
  "x&y=z+w;v",
  "100%25"
]
const reserved: ReadonlyArray<readonly [password: string, named: ReadonlyArray<string>]> = [
  ["p@ss#1", ['"#" as %23']],
  ["p@ss/w#rd?1", ['"/" as %2F', '"?" as %3F', '"#" as %23']],
  // PatchMon/PatchMon#394, linkwarden/linkwarden#519: base64
  ["puWW4YKdac+oqnu+/d8cu7BH", ['"/" as %2F']],
  // vitaly-t/connection-string#42
  ["#first", ['"#" as %23']],
  // ankane/pghero#280, sosedoff/pgweb#96, apache/superset#13456
  ["%yaron11", ['"%" as %25']],
  ["2wPb*%tBQyjP", ['"%" as %25']],
  ["Secret~!%@#^&*-_;:.", ['"#" as %23']],
  ["what?now", ['"?" as %3F']],
  ["1234/5678", ['"/" as %2F']],
  ["a/b@c", ['"/" as %2F']]
]

describe("A password in DATABASE_URL", () => {
  it.each(plain)("works as it is: %s", (password) => {
    expect(whole(`postgresql://u:${password}@db.example:5433/x`)).toEqual(
      Either.right({
        user: "u",
        password: decodeURIComponent(password),
        host: "db.example",
        port: 5433,
        database: "x"
      })
    )
  })

  it.each(reserved)("is refused with the characters to encode: %s", (password, named) => {
    const message = refusal(`postgresql://u:${password}@localhost/x`)
    for (const code of named) expect(message).toContain(code)
    expect(message).toContain("PGPASSWORD")
    for (const piece of password.match(/\w{3,}/g) ?? []) expect(message).not.toContain(piece)
  })

  it("works with any character, percent-encoded", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.string({ unit: "grapheme", minLength: 1 }), (password) => {
        FastCheck.pre(!password.includes("\0") && password.isWellFormed())
        const address = `postgresql://u:${encodeURIComponent(password)}@localhost/x`
        expect(whole(address)).toEqual(
          Either.right({ user: "u", password, host: "localhost", port: undefined, database: "x" })
        )
      })
    )
  })

  it("is never taken for a host, and no piece of it is told", () => {
    const piece = FastCheck.constantFrom(
      ...[
        "sesame",
        "Qx7z",
        "4242",
        "@",
        "#",
        "/",
        "?",
        "%",
        ":",
        "&",
        "=",
        " ",
        "[",
        "]",
        ",",
        "\n",
        "\\",
        "ü",
        "%4"
      ]
    )
    FastCheck.assert(
      FastCheck.property(FastCheck.array(piece, { minLength: 1, maxLength: 9 }), (pieces) => {
        const password = pieces.join("")
        Either.match(whole(`postgresql://keeper:${password}@localhost/x`), {
          onRight: (address) => {
            expect(address).toMatchObject({ user: "keeper", host: "localhost", database: "x" })
            if (!password.includes("%")) expect(address.password).toBe(password)
          },
          onLeft: (message) => expect(message).not.toMatch(/sesame|Qx7z|4242|ü/)
        })
      }),
      { numRuns: propertyRuns(2000) }
    )
  })

  it("is a secret in every form, also where the address cannot be read", () => {
    for (const [password] of reserved)
      expect(AppConfig.passwordsIn(`postgresql://u:${password}@localhost/x`)).toContain(password)
  })
})

describe("DATABASE_URL", () => {
  it("names Unix sockets, IPv6, ports and parameters as libpq does", () => {
    const socket = { host: "/var/run/postgresql", database: "db" }
    for (const [address, read] of [
      ["postgresql:///db?host=/var/run/postgresql", socket],
      ["postgresql://%2Fvar%2Frun%2Fpostgresql/db", socket],
      ["postgresql://localhost/db?host=/var/run/postgresql", socket],
      ["postgres://me@/db?host=/tmp&port=5433", { user: "me", host: "/tmp", port: 5433 }],
      ["postgresql://u:p@[2001:db8::1]:6432/db", { host: "2001:db8::1", port: 6432 }],
      [
        "postgresql://?host=h&user=name@server&password=a@b&dbname=x",
        { user: "name@server", password: "a@b" }
      ],
      ["  postgresql://h/db\n", { host: "h", database: "db" }],
      ["postgresql://h/my%20db", { database: "my db" }]
    ] as const)
      expect(Either.getOrUndefined(whole(address)), address).toMatchObject(read)
  })

  it("takes the schema of Prisma and of JDBC, and the limits of a pool", () => {
    // prisma/orm#28611, prisma/orm#28770, prisma/orm#25273, brianc/node-postgres#2629
    const read = (query: string) => Either.getOrThrow(parse(`postgresql://h/x?${query}`))
    expect(read("schema=evolution_api")).toMatchObject({ schema: "evolution_api" })
    expect(read("currentSchema=mine&pgbouncer=true&connection_limit=3")).toMatchObject({
      schema: "mine",
      connections: 3
    })
    expect(read("options=-c%20statement_timeout%3D0&application_name=a").session).toEqual({
      options: "-c statement_timeout=0",
      application_name: "a"
    })
  })

  it("has the modes of TLS", () => {
    const modeOf = (query: string) => Either.getOrThrow(parse(`postgresql://h/x?${query}`)).tls.mode
    for (const [query, mode] of [
      ["", undefined],
      ["sslmode=disable", "disable"],
      ["ssl=false", "disable"],
      ["sslmode=allow", "prefer"],
      ["sslmode=prefer", "prefer"],
      ["sslmode=require", "verify-full"],
      ["sslmode=require&channel_binding=require", "verify-full"],
      ["sslmode=require&uselibpqcompat=true", "no-verify"],
      ["sslmode=require&sslaccept=accept_invalid_certs", "no-verify"],
      ["sslmode=no-verify", "no-verify"],
      ["ssl=true", "verify-full"],
      ["sslmode=verify-ca&sslrootcert=ca.pem", "verify-ca"],
      ["sslrootcert=ca.pem", "verify-full"]
    ] as const)
      expect(modeOf(query), query).toBe(mode)
  })

  it.each([
    ["sesame", "Expected an address such as postgresql://"],
    ["mysql://u:sesame@h/x", "Expected an address such as postgresql://"],
    ["'postgresql://u:sesame@h/x'", "quotation marks"],
    ["psql 'postgresql://u:sesame@h/x'", "quotation marks"],
    ["DATABASE_URL=postgresql://u:sesame@h/x", "the address alone"],
    ["jdbc:postgresql://h/x?password=sesame", "another library"],
    ["postgresql+asyncpg://u:sesame@h/x", "another library"],
    ["host=h password=sesame dbname=x", "list of names and values"],
    ["postgresql://u:sesame@h1:5432,h2:5432/x", "several hosts"],
    ["postgresql://u:sesame@h/x?host=a,b", "several hosts"],
    ["postgresql://u:sesame@h:0/x", "Its port is no number"],
    ["postgresql://u:sesame@h:port/x", "Its port is no number"],
    ["postgresql://u:sesame/x", "Its port is no number"],
    ["postgresql://u:sesame@2001:db8::1/x", "no address: an IPv6 address stands between [ and ]"],
    ["postgresql://u:ses%E9ame@h/x", "not UTF-8"],
    ["postgresql://u:sesame%00@h/x", "%00"],
    ["postgresql://u:ses\tame@h/x", "control character"],
    ["postgresql://u:sesame@h/x?sslmode=on", "Its sslmode is none of"],
    ["postgresql://u:sesame@h/x?target_session_attrs=standby", "asks for a replica"],
    ["postgresql://u:sesame@h/x?connection_limit=0", "Its connection_limit"],
    ["postgresql://u:sesame@h/x#y", '"#" as %23']
  ])("is refused in a sentence without a piece of it: %s", (address, words) => {
    const message = refusal(address)
    expect(message).toContain(words)
    expect(message).not.toMatch(/sesame|\n/)
  })
})
