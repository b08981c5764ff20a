import { describe, expect, it } from "@effect/vitest"
import { InstanceNotFound, NameImpossible } from "../../src/Domain/EvolutionError.ts"
import {
  ConnectionLost,
  DialFailed,
  HandshakeTimeout,
  HeartbeatMissed,
  ModeChanged,
  NamespaceRefused,
  ProtocolViolation,
  UpgradeRefused
} from "../../src/Domain/LinkError.ts"

describe("LinkError", () => {
  it.each([
    [
      "a failed dial",
      () => DialFailed.of("ECONNREFUSED", "connect ECONNREFUSED"),
      "Cannot reach Evolution: connect ECONNREFUSED"
    ],
    [
      "a failed dial without words",
      () => DialFailed.of("ECONNREFUSED", ""),
      "Cannot reach Evolution: ECONNREFUSED"
    ],
    [
      "a refused socket",
      () => UpgradeRefused.of(400, "Invalid global token"),
      'Evolution refused the socket: HTTP 400 "Invalid global token"'
    ],
    [
      "a socket that something else refused",
      () => UpgradeRefused.of(502, "Bad key"),
      'Something between us and Evolution answers HTTP 502 with text ("Bad key"): a proxy or a firewall?'
    ],
    [
      "a slow handshake",
      () => HandshakeTimeout.of("namespace", 10_000),
      'Evolution did not complete the "namespace" phase within 10000 ms'
    ],
    ["a missed heartbeat", () => HeartbeatMissed.of(45_000), "Evolution sent no ping for 45000 ms"],
    [
      "a refused namespace",
      () => NamespaceRefused.of("/shop", "Invalid"),
      'Evolution refused namespace "/shop": Invalid'
    ],
    [
      "a lost link without a reason",
      () => ConnectionLost.of(1006, ""),
      "Evolution closed the link: 1006"
    ],
    [
      "a lost link with a reason",
      () => ConnectionLost.of(1000, "bye"),
      'Evolution closed the link: 1000 "bye"'
    ],
    [
      "a way of listening that ends because global events come",
      () => ModeChanged.to("global"),
      "Evolution sends global events: the instance is listened to by them from now on"
    ],
    [
      "a way of listening that ends because none come",
      () => ModeChanged.to("namespace"),
      "Evolution sends no global events: the instance is listened to by its namespace from now on"
    ],
    [
      "a name that no path carries",
      () => NameImpossible.inPath(".."),
      'Cannot ask Evolution about instance "..": a path cannot carry that name. Its events are heard in global mode; for anything else, create it again under another name'
    ],
    [
      "a name that no namespace carries",
      () => NameImpossible.asNamespace("a,b"),
      'Cannot join the namespace of instance "a,b": Socket.IO has none with a comma. Set WEBSOCKET_GLOBAL_EVENTS=true at Evolution and EVOLUTION_MODE=global or auto here, or create the instance again under another name'
    ],
    [
      "a broken protocol",
      () => ProtocolViolation.of("no packet"),
      "Evolution broke the protocol: no packet"
    ],
    [
      "an instance without a record",
      () => InstanceNotFound.of("shop"),
      'Cannot find instance "shop": this service does not know it'
    ],
    [
      "an instance that Evolution does not have either",
      () => InstanceNotFound.nowhere("shop"),
      'Cannot listen to instance "shop": Evolution has no instance of this name; create it, or see GET /instances'
    ]
  ])("says what happened: %s", (_, make, message) => {
    expect(make().message).toBe(message)
  })

  it("carries the data to act on", () => {
    expect(DialFailed.of("ECONNREFUSED", "")).toMatchObject({ code: "ECONNREFUSED" })
    expect(HandshakeTimeout.of("dial", 5)).toMatchObject({ phase: "dial", millis: 5 })
    expect(HeartbeatMissed.of(5)).toMatchObject({ millis: 5 })
    expect(NamespaceRefused.of("/a", "b")).toMatchObject({ namespace: "/a", reason: "b" })
    expect(ConnectionLost.of(1006, "r")).toMatchObject({ code: 1006, reason: "r" })
    expect(ProtocolViolation.of("r")).toMatchObject({ reason: "r" })
    expect(InstanceNotFound.of("shop")).toMatchObject({ instance: "shop" })
    expect(InstanceNotFound.nowhere("shop")).toMatchObject({ instance: "shop" })
    expect(NameImpossible.inPath("..")).toMatchObject({ instance: ".." })
  })

  it("keeps 512 characters of a refusal's body, and 80 of them in its message", () => {
    const error = UpgradeRefused.of(502, "x".repeat(1000))
    expect(error).toMatchObject({ status: 502, body: "x".repeat(512) })
    expect(error.message).toContain(` ("${"x".repeat(80)}")`)
  })
})
