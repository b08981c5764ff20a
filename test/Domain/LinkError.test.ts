import { describe, expect, it } from "@effect/vitest"
import { InstanceNotFound } from "../../src/Domain/EvolutionError.ts"
import {
  ConnectionLost,
  DialFailed,
  HandshakeTimeout,
  HeartbeatMissed,
  NamespaceRefused,
  ProtocolViolation,
  UpgradeRefused
} from "../../src/Domain/LinkError.ts"

describe("LinkError", () => {
  it.each([
    [
      DialFailed.of("ECONNREFUSED", "connect ECONNREFUSED"),
      "Cannot reach Evolution: connect ECONNREFUSED"
    ],
    [DialFailed.of("ECONNREFUSED", ""), "Cannot reach Evolution: ECONNREFUSED"],
    [
      UpgradeRefused.of(400, "Invalid global token"),
      'Evolution refused the socket: HTTP 400 "Invalid global token"'
    ],
    [
      UpgradeRefused.of(502, "Bad key"),
      'Something between us and Evolution answers HTTP 502 with text ("Bad key"): a proxy or a firewall?'
    ],
    [
      HandshakeTimeout.of("namespace", 10_000),
      'Evolution did not complete the "namespace" phase within 10000 ms'
    ],
    [HeartbeatMissed.of(45_000), "Evolution sent no ping for 45000 ms"],
    [NamespaceRefused.of("/shop", "Invalid"), 'Evolution refused namespace "/shop": Invalid'],
    [ConnectionLost.of(1006, ""), "Evolution closed the link: 1006"],
    [ConnectionLost.of(1000, "bye"), 'Evolution closed the link: 1000 "bye"'],
    [ProtocolViolation.of("no packet"), "Evolution broke the protocol: no packet"],
    [InstanceNotFound.of("shop"), 'Cannot find instance "shop": it was never started here']
  ])("says what happened: %s", (error, message) => {
    expect(error.message).toBe(message)
  })

  it("carries the data to act on", () => {
    expect(DialFailed.of("ECONNREFUSED", "")).toMatchObject({ code: "ECONNREFUSED" })
    expect(HandshakeTimeout.of("dial", 5)).toMatchObject({ phase: "dial", millis: 5 })
    expect(HeartbeatMissed.of(5)).toMatchObject({ millis: 5 })
    expect(NamespaceRefused.of("/a", "b")).toMatchObject({ namespace: "/a", reason: "b" })
    expect(ConnectionLost.of(1006, "r")).toMatchObject({ code: 1006, reason: "r" })
    expect(ProtocolViolation.of("r")).toMatchObject({ reason: "r" })
    expect(InstanceNotFound.of("shop")).toMatchObject({ instance: "shop" })
  })

  it("keeps 512 characters of a refusal's body, and 80 of them in its message", () => {
    const error = UpgradeRefused.of(502, "x".repeat(1000))
    expect(error).toMatchObject({ status: 502, body: "x".repeat(512) })
    expect(error.message).toContain(` ("${"x".repeat(80)}")`)
  })
})
