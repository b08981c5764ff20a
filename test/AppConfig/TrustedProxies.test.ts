import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { loopbackNetworks, privateNetworks, trusting } from "../../src/AppConfig/TrustedProxies.ts"
import * as AppConfig from "../../src/AppConfig.ts"

const read = (text?: string) =>
  ConfigProvider.fromMap(new Map(text === undefined ? [] : [["TRUST_PROXY", text] as const])).load(
    AppConfig.trustedProxies.config
  )

describe("TRUST_PROXY", () => {
  it.effect("is this machine and private networks by default", () =>
    Effect.gen(function* () {
      expect(yield* read()).toEqual([...loopbackNetworks, ...privateNetworks])
      expect(yield* read("loopback,private")).toEqual(yield* read())
    })
  )

  it.effect("is a list of names, addresses and networks", () =>
    Effect.gen(function* () {
      expect(yield* read("none")).toEqual([])
      expect(yield* read(" loopback , 203.0.113.7,2001:db8::/32 , 198.51.100.0/24")).toEqual([
        "127.0.0.0/8",
        "::1/128",
        "203.0.113.7",
        "2001:db8::/32",
        "198.51.100.0/24"
      ])
      for (const all of ["0.0.0.0/0", "10.0.0.0/32", "::/128", "::1/100"])
        expect(yield* read(all)).toEqual([all])
    })
  )

  it.effect("is refused in one sentence with its name, if one part is no network", () =>
    Effect.gen(function* () {
      const wrong = ["proxy", "10.0.0.0/33", "::/129", "10.0.0.0/8/8", "10.0.0.0/a8", "10.0.0.0/8a"]
      for (const part of [...wrong, "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/0008", "/8", ","])
        for (const text of [part, `${part},loopback`, `loopback,${part}`])
          expect(AppConfig.explain(yield* Effect.flip(read(text))), text).toEqual([
            "TRUST_PROXY: Expected loopback, private, none, addresses or networks such as 10.1.0.0/16, with commas between"
          ])
    })
  )
})

describe("a trusted proxy", () => {
  it("is one whose address is in a network of the list", () => {
    const isTrusted = trusting(["203.0.113.0/24", "2001:db8::/32", "198.51.100.7"])
    const trusted = [
      "203.0.113.255",
      "198.51.100.7",
      "2001:db8:ffff::1",
      "::ffff:203.0.113.9",
      "::FFFF:198.51.100.7",
      "2001:db8::1%eth0"
    ]
    const others = [
      "203.0.114.0",
      "198.51.100.8",
      "2001:db9::1",
      "::ffff:203.0.114.9",
      "1::ffff:203.0.113.9",
      "::ffff:2001:db8::1",
      "::ffff:203.0.113.9:1",
      "unix:",
      "",
      "203.0.113"
    ]
    for (const address of trusted) expect(isTrusted(address), address).toBe(true)
    for (const address of others) expect(isTrusted(address), address).toBe(false)
  })

  it("is none where the list is empty, or holds what is no network", () => {
    expect(trusting([])("127.0.0.1")).toBe(false)
    expect(trusting(["127.0.0.1/99", "all"])("127.0.0.1")).toBe(false)
  })
})
