import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import * as AppConfig from "../../src/AppConfig.ts"

const read = (text?: string) =>
  ConfigProvider.fromMap(
    new Map(text === undefined ? [] : [["DELIVERY_ALLOW", text] as const])
  ).load(AppConfig.deliveryAllow.config)

describe("DELIVERY_ALLOW", () => {
  it.effect("is nothing by default", () =>
    Effect.gen(function* () {
      expect(yield* read()).toEqual([])
      expect(yield* read("none")).toEqual([])
    })
  )

  it.effect("is a list of names, addresses and networks, and no name stands for link-local", () =>
    Effect.gen(function* () {
      expect(yield* read("loopback, private ,192.0.2.7,fd12::/16")).toEqual([
        "127.0.0.0/8",
        "::1/128",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "fc00::/7",
        "192.0.2.7",
        "fd12::/16"
      ])
    })
  )

  it.effect("is refused in one sentence with its name, if one part is no network", () =>
    Effect.gen(function* () {
      for (const text of ["n8n", "10.0.0.0/33", "127.0.0.1:5678", "http://10.0.0.1"])
        expect(AppConfig.explain(yield* Effect.flip(read(text))), text).toEqual([
          "DELIVERY_ALLOW: Expected loopback, private, none, addresses or networks such as 10.1.0.0/16, with commas between"
        ])
    })
  )
})
