import { describe, expect, it } from "@effect/vitest"
import { reasonOf } from "../../src/Domain/Reach.ts"

/** Codes with the same words, and a part of these words. */
const groups = [
  [["ECONNREFUSED"], "nothing listens at db:1"],
  [["ENOTFOUND", "EAI_AGAIN"], "no address is known for db:1 (DNS)"],
  [
    ["ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT"],
    "no answer from db:1 in time"
  ],
  [["EHOSTUNREACH", "ENETUNREACH"], "no route to db:1"],
  [["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"], "db:1 hung up"],
  [
    [
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      "SELF_SIGNED_CERT_IN_CHAIN",
      "UNABLE_TO_GET_ISSUER_CERT",
      "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
    ],
    "NODE_EXTRA_CA_CERTS"
  ],
  [["CERT_HAS_EXPIRED"], "the certificate of db:1 has expired"],
  [["ERR_TLS_CERT_ALTNAME_INVALID"], "the certificate of db:1 is for another name: URL_OF_IT"],
  [["EPROTO", "ERR_SSL_WRONG_VERSION_NUMBER"], "db:1 does not speak TLS"]
] as const

describe("reasonOf", () => {
  it.each(groups)("has the same words for %j", (codes, part) => {
    const texts = codes.map((code) => reasonOf(code, "db:1", "URL_OF_IT"))
    expect(texts[0]).toContain(part)
    expect(new Set(texts).size).toBe(1)
  })

  it("names the setting wherever it may be wrong", () => {
    for (const code of ["ECONNREFUSED", "ENOTFOUND", "ECONNRESET"])
      expect(reasonOf(code, "db:1", "URL_OF_IT"), code).toContain("URL_OF_IT")
  })

  it("has no words for another code", () => {
    expect(reasonOf("EWHATEVER", "db:1", "URL_OF_IT")).toBeUndefined()
  })
})
