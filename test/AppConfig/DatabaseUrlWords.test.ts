import { describe, expect, it } from "@effect/vitest"
import { Either, Redacted } from "effect"
import * as AppConfig from "../../src/AppConfig.ts"

const parse = AppConfig.parseDatabaseUrl
const read = (address: string) => Either.getOrThrow(parse(address))
const refusal = (address: string) => Either.getOrElse(Either.flip(parse(address)), () => "none")
const passwordOf = (address: string) => {
  const { password } = read(address)
  return password && Redacted.value(password)
}

const example = "postgresql://user:password@host:5432/name"
const apart = "or leave the password out and set PGPASSWORD"

/** Each refusal as a whole: a reader has nothing else to find the mistake by. */
const refusals: ReadonlyArray<readonly [words: string, addresses: ReadonlyArray<string>]> = [
  [`Expected an address such as ${example}`, ["", "h/x", "mysql://h/x", "a://postgresql://h/x"]],
  [
    "It has quotation marks around it, which are taken as a part of it: remove them",
    ['"postgresql://h/x', "postgresql://h/x'", "`postgresql://h/x`"]
  ],
  [
    `Expected the address alone, such as ${example}`,
    [
      "export DATABASE_URL=postgresql://h/x",
      "DATABASE_URL=postgresql://h/x",
      "DATABASE_URL = postgresql://h/x",
      "psql postgresql://h/x"
    ]
  ],
  [
    `It is an address for another library: begin it with postgresql:// (${example})`,
    ["jdbc:postgresql://h/x", "postgresql+asyncpg://h/x", "p+q://h/x"]
  ],
  [
    `It is a list of names and values: write it as an address (${example})`,
    ["host=h dbname=x", "a = b"]
  ],
  [
    `It has a line break or another control character in it: remove it; in the password, percent-encode it, ${apart}`,
    ["postgresql://u:a\nb@h/x", "postgresql://u:a\u007fb@h/x"]
  ],
  [
    `It has "#" in the user or the password: percent-encode it ("#" as %23), ${apart}`,
    ["postgresql://h/x#y", "postgresql:///x#y", "postgresql://u:a#b@h", "postgresql://h/x?a=b/#c"]
  ],
  [
    `It has "/" in the user or the password: percent-encode it ("/" as %2F), ${apart}`,
    ["postgresql://u:a/b@h/x", "postgresql://u:a/b@h/x?y"]
  ],
  [
    `It has "/" and "?" and "#" in the user or the password: percent-encode them ("/" as %2F, "?" as %3F, "#" as %23), ${apart}`,
    ["postgresql://u:a/b?c#d@h/x"]
  ],
  [
    `It has "?" in the user or the password: percent-encode it ("?" as %3F), ${apart}`,
    ["postgresql://u:a?b@h/x", "postgresql://u:a?user=b&c@h/x", "postgresql://u:a?xuser=b@h/x"]
  ],
  [
    `It has a "%" that encodes nothing: percent-encode it ("%" as %25), ${apart}`,
    ["postgresql://u:a%4z@h/x", "postgresql://u%:a@h/x", "postgresql://h/x%", "postgresql://h%"]
  ],
  [
    `It has percent-encoded bytes that are not UTF-8: encode each character in UTF-8, ${apart}`,
    ["postgresql://u:%E9@h/x"]
  ],
  ["It has a %00, which Postgres cannot have", ["postgresql://u:%00@h/x", "postgresql://h/%00"]],
  [
    "It names several hosts, and one is used here: name the primary's, or a name that moves with it",
    ["postgresql://h1,h2/x", "postgresql:///x?host=h1,h2"]
  ],
  [
    "Its host is no name and no address: an IPv6 address stands between [ and ]; the characters of a password that are not letters and digits have to be percent-encoded",
    [
      "postgresql://u:p@a[b/x",
      "postgresql://[::1]a/x",
      "postgresql://a[::1]:5432/x",
      "postgresql://2001:db8::7/x",
      "postgresql://:5432:1/x"
    ]
  ],
  [
    `Its host is no name: percent-encode the characters of the password that are not letters and digits, ${apart}`,
    ["postgresql://u:p@a&b/x", "postgresql://&b/x", "postgresql://b&/x", "postgresql://b%2Fc/x"]
  ],
  [
    `Its port is no number from 1 to 65535: is there an "@" before the host, and is each ":" of the user percent-encoded (":" as %3A)?`,
    [
      "postgresql://h:0/x",
      "postgresql://h:65536/x",
      "postgresql://h:5432a/x",
      "postgresql://h:a5432/x",
      "postgresql://h/x?port=b",
      "postgresql://[::1]:54:32/x"
    ]
  ],
  [
    "Its connection_limit is no number from 1 on",
    ["postgresql://h/x?connection_limit=0", "postgresql://h/x?connection_limit=1234567890"]
  ],
  [
    "Its target_session_attrs asks for a replica, and the service writes: name the primary",
    ["read-only", "standby", "prefer-standby"].map(
      (attributes) => `postgresql://h/x?target_session_attrs=${attributes}`
    )
  ],
  [
    "Its sslmode is none of disable, prefer, require, verify-ca, verify-full and no-verify",
    ["postgresql://h/x?sslmode=on", "postgresql://h/x?ssl=yes"]
  ]
]

describe("The refusal of a DATABASE_URL", () => {
  it("names the mistake and the way out", () => {
    for (const [words, addresses] of refusals)
      for (const address of addresses) expect(refusal(address), address).toBe(words)
  })
})

describe("A DATABASE_URL that is taken", () => {
  it("names nothing that it does not have", () => {
    const nothing = {
      host: undefined,
      port: undefined,
      user: undefined,
      password: undefined,
      database: undefined,
      schema: undefined,
      connections: undefined,
      tls: {
        mode: undefined,
        root: undefined,
        certificate: undefined,
        key: undefined,
        isDirect: false,
        isBound: false
      },
      session: {}
    }
    for (const address of ["postgresql://", "POSTGRES:///?", "postgresql://:@/?host=&port="])
      expect(read(address), address).toEqual(nothing)
    expect(read("postgresql://?sslnegotiation=postgres&channel_binding=prefer")).toEqual(nothing)
  })

  it("has every parameter that is in use", () => {
    const { password, ...rest } = read(
      "postgresql://?hostaddr=10.0.0.1&port=65535&user=u&password=p&dbname=d&schema=s&connection_limit=1&sslmode=verify-ca" +
        "&sslrootcert=ca.pem&sslcert=our.pem&sslkey=our.key&sslnegotiation=direct&channel_binding=require" +
        "&application_name=a&options=o&statement_timeout=1&lock_timeout=2&idle_in_transaction_session_timeout=3&more=4"
    )
    expect(password && Redacted.value(password)).toBe("p")
    expect(rest).toEqual({
      host: "10.0.0.1",
      port: 65535,
      user: "u",
      database: "d",
      schema: "s",
      connections: 1,
      tls: {
        mode: "verify-ca",
        root: "ca.pem",
        certificate: "our.pem",
        key: "our.key",
        isDirect: true,
        isBound: true
      },
      session: {
        application_name: "a",
        options: "o",
        statement_timeout: "1",
        lock_timeout: "2",
        idle_in_transaction_session_timeout: "3"
      }
    })
  })

  it("prefers a parameter to what is written before the query", () => {
    const address = "postgresql://u:p@h:1/d?user=U&password=P&host=H&port=2&dbname=D&hostaddr=A"
    expect(read(address)).toMatchObject({ user: "U", host: "H", port: 2, database: "D" })
    expect(passwordOf(address)).toBe("P")
  })

  it("has a password with marks of copying, of other libraries and of IPv6 in it", () => {
    for (const password of ["a'b", "psql b", "export b", "jdbc:b", "a+b:c", "a=b", "[::1]", ":"])
      expect(passwordOf(`postgresql://u:${password}@h/x`), password).toBe(password)
    expect(read("postgresql://u:p@")).toMatchObject({ user: "u", host: undefined })
    expect(read("postgresql://a%3Ab@h")).toMatchObject({ user: "a:b", password: undefined })
  })

  it("may have an @ in the values of four parameters", () => {
    const query = "application_name=c@d&options=-c%20a=b@c&user=u@s&password=p@w"
    expect(read(`postgresql://h/x?${query}`)).toMatchObject({ host: "h", user: "u@s" })
  })

  it("has a host in letters of any language, an IPv6 address with its zone, and a port alone", () => {
    expect(read("postgresql://dätenbank-1_a.example/x").host).toBe("dätenbank-1_a.example")
    expect(read("postgresql://[FE80::1%eb0]/x").host).toBe("FE80::1%eb0")
    expect(read("postgresql://:5433/x")).toMatchObject({ host: undefined, port: 5433 })
    expect(read("postgresql://h:/x")).toMatchObject({ host: "h", port: undefined })
  })

  it("reads from the primary for any other value of target_session_attrs", () => {
    for (const attributes of ["primary", "read-write", "any", "not-read-only", "standby-x"])
      expect(read(`postgresql://h/x?target_session_attrs=${attributes}`).host).toBe("h")
  })

  it("has TLS by each name that libpq, pg and Prisma have for it", () => {
    const modeOf = (query: string) => read(`postgresql://h/x?${query}`).tls.mode
    const lax = "sslmode=require&sslaccept=accept_invalid_certs"
    for (const [query, mode] of [
      ["ssl=0", "disable"],
      ["ssl=1", "verify-full"],
      ["sslmode=verify-full", "verify-full"],
      ["sslmode=disable&ssl=1", "disable"],
      [`${lax}&sslrootcert=ca.pem`, "verify-ca"],
      [lax, "no-verify"],
      ["sslmode=require&uselibpqcompat=false&sslaccept=strict", "verify-full"]
    ] as const)
      expect(modeOf(query), query).toBe(mode)
  })
})
