import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { isMetadata, kindOf, targetOf } from "../../../src/Delivery/Guard/Address.ts"
import { propertyRuns } from "../../support/propertyRuns.ts"

const kind = (address: string) => {
  const target = targetOf(address)
  return target === undefined ? "no address" : kindOf(target)
}

describe("An address", () => {
  it("is public, or of a kind that is refused", () => {
    const machine = "an address of this machine"
    const tunnel = "an address of a tunnel"
    const shared = "a carrier's shared address"
    const document = "an address for documentation"
    const benchmark = "an address for benchmarks"
    const protocol = "an address for protocols"
    const [unspecified, secret] = ["an unspecified address", "a private address"]
    const [local, multicast] = ["a link-local address", "a multicast address"]
    const [reserved, metadata] = ["a reserved address", "the metadata service of a cloud"]
    const table: ReadonlyArray<readonly [address: string, kind: string | undefined]> = [
      ["93.184.216.34", undefined],
      ["8.8.8.8", undefined],
      ["172.15.255.255", undefined],
      ["172.32.0.0", undefined],
      ["100.63.255.255", undefined],
      ["100.128.0.0", undefined],
      ["198.20.0.0", undefined],
      ["223.255.255.255", undefined],
      ["0.0.0.0", unspecified],
      ["0.1.2.3", unspecified],
      ["10.0.0.5", secret],
      ["172.16.0.1", secret],
      ["172.31.255.255", secret],
      ["192.168.1.1", secret],
      ["127.0.0.1", machine],
      ["127.255.255.254", machine],
      ["169.254.1.1", local],
      ["169.254.169.254", metadata],
      ["169.254.170.2", metadata],
      ["100.100.100.200", metadata],
      ["168.63.129.16", metadata],
      ["100.64.0.1", shared],
      ["100.127.255.255", shared],
      ["198.18.0.1", benchmark],
      ["198.19.255.255", benchmark],
      ["192.0.2.1", document],
      ["198.51.100.7", document],
      ["203.0.113.7", document],
      ["192.0.0.8", protocol],
      ["192.88.99.1", protocol],
      ["224.0.0.1", multicast],
      ["239.255.255.250", multicast],
      ["240.0.0.1", reserved],
      ["255.255.255.255", reserved],
      ["2606:2800:220:1::1", undefined],
      ["::", unspecified],
      ["::1", machine],
      ["0:0:0:0:0:0:0:1", machine],
      ["fe80::1", local],
      ["fe80::1%eth0", local],
      ["febf::1", local],
      ["fd00:ec2::254", metadata],
      ["fc00::1", secret],
      ["fdff::1", secret],
      ["fec0::1", secret],
      ["ff02::1", multicast],
      ["2001:db8::1", document],
      ["3fff::1", document],
      // IPv4 within IPv6: mapped, compatible, translated (RFC 2765), NAT64, 6to4, Teredo, ISATAP.
      ["::ffff:93.184.216.34", undefined],
      ["::ffff:127.0.0.1", machine],
      ["::ffff:7f00:1", machine],
      ["::FFFF:a9fe:a9fe", metadata],
      ["::ffff:0.0.0.0", unspecified],
      ["::ffff:127.0.0.1%1", machine],
      ["::ffff:100.64.0.1", shared],
      ["::ffff:0:127.0.0.1", reserved],
      ["::127.0.0.1", reserved],
      ["::7f00:1", reserved],
      ["64:ff9b::93.184.216.34", undefined],
      ["64:ff9b::a9fe:a9fe", metadata],
      ["64:ff9b::10.0.0.1", secret],
      ["64:ff9b::a00:1", secret],
      ["64:ff9b::", reserved],
      ["64:ff9b:1::a00:1", reserved],
      ["2002:7f00:1::", tunnel],
      ["2002:5db8:d822::1", tunnel],
      ["2001:0:4136:e378:8000:63bf:3fff:fdd2", tunnel],
      ["fe80::5efe:10.0.0.1", local],
      ["100::1", reserved],
      ["2001:2::1", protocol],
      ["2001:10::1", protocol],
      ["5f00::1", reserved],
      ["4000::1", reserved],
      ["127.1", "no address"],
      ["localhost", "no address"]
    ]
    for (const [address, expected] of table) expect(kind(address), address).toBe(expected)
    const found = targetOf("::ffff:169.254.169.254")
    expect(found !== undefined && isMetadata(found)).toBe(true)
  })

  it("of IPv4 is the same in every form that IPv6 has for it", () => {
    const byte = fc.integer({ min: 0, max: 255 })
    const first = fc.oneof(byte, fc.constantFrom(0, 10, 100, 127, 169, 172, 192, 198, 203, 224))
    fc.assert(
      fc.property(fc.tuple(first, byte, byte, byte), (bytes) => {
        const dotted = bytes.join(".")
        const [a, b, c, d] = bytes.map((one) => one.toString(16).padStart(2, "0"))
        const hex = `${a}${b}:${c}${d}`
        const forms = [
          `::ffff:${dotted}`,
          `::ffff:${hex}`,
          `0:0:0:0:0:FFFF:${hex}`,
          `64:ff9b::${dotted}`,
          `64:ff9b:0:0:0:0:${hex}`
        ]
        for (const form of forms)
          expect(kind(form) === undefined, form).toBe(kind(dotted) === undefined)
      }),
      { numRuns: propertyRuns(500) }
    )
  })

  it("of IPv6 is public in 2000::/3 alone, but for those that stand for IPv4", () => {
    const group = fc.integer({ min: 0, max: 0xffff }).map((one) => one.toString(16))
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const isGlobal = /^[23]...$/.test(groups[0] ?? "")
        fc.pre(!isGlobal)
        expect(kind(groups.join(":"))).toBeDefined()
      }),
      { numRuns: propertyRuns(500) }
    )
  })
})
