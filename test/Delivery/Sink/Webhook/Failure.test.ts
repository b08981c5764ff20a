import { describe, expect, it } from "@effect/vitest"
import * as Guard from "../../../../src/Delivery/Guard.ts"
import * as Failure from "../../../../src/Delivery/Sink/Webhook/Failure.ts"

const coded = (code: string, more: object = {}) =>
  Object.assign(new Error("words"), { code, ...more })

describe("An error of a connection", () => {
  it("is told by its kind, without the words of others", () => {
    const table = [
      ["ENOTFOUND", "unreachable", "its name does not exist"],
      ["EAI_AGAIN", "ours", "the name server of this machine does not answer"],
      ["EMFILE", "ours", "this process may open no more files"],
      ["ECONNREFUSED", "unreachable", "nothing listens at its port"],
      ["ECONNRESET", "unreachable", "it closed the connection"],
      ["UND_ERR_SOCKET", "unreachable", "it closed the connection"],
      ["UND_ERR_CONNECT_TIMEOUT", "unreachable", "no connection in time"],
      ["ENETUNREACH", "unreachable", "no route leads to it"],
      ["CERT_HAS_EXPIRED", "unreachable", "its certificate has expired"],
      [
        "SELF_SIGNED_CERT_IN_CHAIN",
        "unreachable",
        "its certificate is not trusted (SELF_SIGNED_CERT_IN_CHAIN)"
      ],
      ["ERR_SSL_WRONG_VERSION_NUMBER", "unreachable", "it does not speak TLS as this service does"],
      ["HPE_INVALID_CONSTANT", "unreachable", "its answer is no HTTP"],
      ["UND_ERR_DESTROYED", "ours", "the request cannot be made (UND_ERR_DESTROYED)"],
      ["EPERM", "unreachable", "the connection failed (EPERM)"]
    ] as const
    for (const [code, kind, words] of table)
      expect(Failure.ofError(coded(code), "192.0.2.1"), code).toMatchObject({
        kind,
        message: `Cannot reach the receiver: ${words}`,
        address: "192.0.2.1"
      })
  })

  it("is the first one, where several addresses were tried", () => {
    const errors = [coded("ECONNREFUSED", { address: "::1" }), coded("ENETUNREACH")]
    expect(Failure.ofError(new AggregateError(errors), undefined)).toMatchObject({
      message: "Cannot reach the receiver: nothing listens at its port",
      address: "::1"
    })
    expect(Failure.ofError(new AggregateError([]), undefined).kind).toBe("unreachable")
  })

  it("of the guard has its words, and the address behind the name", () => {
    expect(Failure.ofError(new Guard.Forbidden("no", "10.0.0.5"), undefined)).toMatchObject({
      kind: "forbidden",
      message: "Cannot reach the receiver: no",
      address: "10.0.0.5"
    })
  })
})
