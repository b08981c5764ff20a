import { describe, expect, it } from "@effect/vitest"
import { DateTime, Schema, SchemaAST } from "effect"
import { AuditRow } from "../../src/Domain/Audit.ts"

describe("A row of the audit", () => {
  const row = {
    id: 7,
    at: "2026-01-02T03:04:05.000Z",
    keyId: null,
    keyName: "ops",
    action: "create",
    instance: "shop-1",
    server: "eu",
    outcome: "done"
  }

  it("crosses HTTP and comes back as it was", () => {
    const decoded = Schema.decodeUnknownSync(AuditRow)(row)
    expect(decoded).toEqual({ ...row, at: DateTime.unsafeMake(row.at) })
    expect(Schema.encodeSync(AuditRow)(decoded)).toEqual(row)
  })

  it("has the name by which the API's documents know it", () => {
    expect(SchemaAST.getIdentifierAnnotation(AuditRow.ast)).toMatchObject({ value: "AuditRow" })
  })
})
