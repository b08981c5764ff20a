import { randomUUID } from "node:crypto"
import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Redacted, type Scope } from "effect"
import * as Fingerprints from "../../src/Cluster/Fingerprints.ts"
import { defaults } from "../../src/Cluster/Ownership/Timing.ts"
import * as Replicas from "../../src/Cluster/Replicas.ts"
import { databases } from "../support/databases.ts"
import { tables } from "./World.ts"

const [url, key] = ["https://evolution.example", Redacted.make("a-key-of-evolution")]
const br = { id: "br", url, key }
const apiKey = Redacted.make("a-key-of-ours")

describe("The fingerprints of servers", () => {
  it.live("agree for the same address, with or without a slash at the end", () =>
    Effect.gen(function* () {
      const mine = yield* Fingerprints.of([br], apiKey)
      const same = yield* Fingerprints.of([{ ...br, url: `${url}/` }], apiKey)
      expect(Fingerprints.differences(mine, same)).toEqual([])
      yield* Fingerprints.compare(mine, { address: "one", prints: same })
    })
  )

  it.live("name what differs, and show no address and no key", () =>
    Effect.gen(function* () {
      const mine = yield* Fingerprints.of([br, { ...br, id: "eu" }, { ...br, id: "in" }], apiKey)
      const prints = yield* Fingerprints.of(
        [
          { ...br, key: Redacted.make("another key") },
          { ...br, id: "eu", url: "https://other.example" },
          { ...br, id: "us" }
        ],
        Redacted.make("another key of ours")
      )
      const error = yield* Effect.flip(Fingerprints.compare(mine, { address: "one:8080", prints }))
      expect(error.message).toBe(
        'Cannot join the replica at one:8080: it has another API_KEY, the server "br" has another key, the server "eu" has another address, the server "in" is missing there, the server "us" is missing here. Give all replicas the same servers and API_KEY, or stop the others first'
      )
      const written = JSON.stringify([mine, prints])
      expect(written).not.toContain("example")
      expect(written).not.toContain("key-of")
      expect(written).not.toContain("key of")
      // The same key of two servers has two fingerprints.
      expect(mine.br?.split(".")[1]).not.toBe(mine.eu?.split(".")[1])
    })
  )
})

/** Replicas look in real time here: their looks are statements, and they wait for each other. */
describe.each(databases)("The replicas on %s", (_name, database) => {
  const register = (prints: Fingerprints.Fingerprints, address = "one") =>
    Replicas.register({ id: randomUUID(), address, prints, timing: defaults })

  const test = (
    title: string,
    body: Effect.Effect<unknown, unknown, SqlClient.SqlClient | Scope.Scope>
  ) =>
    it.scopedLive(title, () =>
      Effect.gen(function* () {
        const context = yield* Layer.build(database)
        yield* Effect.provide(Effect.zipRight(tables, body), context)
      })
    )

  test(
    "refuse a younger one with other servers, while an older one lives",
    Effect.gen(function* () {
      yield* register({ br: "a.b" })
      yield* register({ br: "a.b" }, "two")
      const error = yield* Effect.flip(Effect.scoped(register({ br: "a.c" }, "three")))
      expect(error).toMatchObject({
        _tag: "SettingsDiffer",
        replica: "one",
        differences: ['the server "br" has another key']
      })
      const sql = yield* SqlClient.SqlClient
      expect(yield* sql`select address from replicas order by since`).toEqual([
        { address: "one" },
        { address: "two" }
      ])
    })
  )

  test(
    "ignore the servers of one that was killed, once it was silent for 3 s",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`
        insert into replicas (id, address, version, prints)
        values (${randomUUID()}, 'killed', '0.1.0', ${'{"br":"a.b"}'}::jsonb)`
      const begun = performance.now()
      const { able, all } = yield* register({ br: "a.c" })
      expect(performance.now() - begun).toBeGreaterThan(2900)
      expect(able("br")).toEqual([])
      expect((yield* all).map(({ address }) => address)).toEqual(["killed", "one"])
    })
  )
})
