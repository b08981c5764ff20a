import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Ownership } from "../../../src/Cluster/Ownership.ts"
import { version } from "../../../src/Domain/Version.ts"
import * as EvolutionListener from "../../../src/EvolutionListener.ts"
import { scopedSimulator } from "../../../src/Testing/mod.ts"
import { storage } from "../../support/databases.ts"
import { house, key, serve } from "../Service.ts"
import { replica, testDatabaseUrl, until, world } from "./House.ts"

const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/)
const instant = expect.stringMatching(/Z$/)

describe("a process without replicas", () => {
  it.scopedLive("is the only one, owns its server, and has nobody to hand it to", () =>
    Effect.gen(function* () {
      const { apiKey, url } = yield* scopedSimulator()
      const { call, post } = yield* serve(EvolutionListener.layer, {
        API_KEY: key,
        EVOLUTION_API_URL: url,
        EVOLUTION_API_KEY: apiKey,
        ...(yield* storage)
      })
      const { json } = yield* call("GET", "/cluster")
      const { me } = Object(json)
      expect(json).toEqual({
        me: uuid,
        replicas: [
          {
            id: me,
            address: null,
            version,
            since: instant,
            silentSeconds: 0,
            isLeaving: false,
            unable: []
          }
        ],
        servers: [{ server: "default", owner: me, epoch: 1, since: instant, unownedSeconds: 0 }]
      })
      const refused = yield* post("/cluster/servers/default/handover", "")
      expect([refused.status, refused.json]).toEqual([
        409,
        {
          _tag: "NoHeir",
          message: 'Cannot hand over the server "default": no other replica lives and reaches it',
          server: "default"
        }
      ])
      expect((yield* post("/cluster/servers/other/handover", "")).status).toBe(404)
      const { text } = yield* call("GET", "/metrics")
      expect(text).toContain("\nevolution_listener_server_owned 1\n")
      expect(text).toContain(`\nevolution_listener_replicas{version="${version}"} 1\n`)
    })
  )
})

describe.skipIf(testDatabaseUrl === "")("replicas", { timeout: 120_000 }, () => {
  it.scopedLive("tell of themselves and of their servers, and hand them over", () =>
    Effect.gen(function* () {
      const { give, shared } = yield* world(["eu", "br"])
      const one = yield* replica(shared)
      const made = yield* one.call("POST", "/keys", {
        body: { name: "bound", scope: "admin", servers: ["br"] }
      })
      const two = yield* replica(shared, { CLUSTER_ADDRESS: "http://127.0.0.1:1/" })
      yield* give("eu", one)
      yield* give("br", one)
      const state = yield* until(
        two.call("GET", "/cluster"),
        ({ json }) => json.replicas?.length === 2
      )
      expect(state.json).toEqual({
        me: two.id,
        replicas: [
          expect.objectContaining({ id: one.id, address: `${one.url}/`, version, since: instant }),
          expect.objectContaining({ id: two.id, address: "http://127.0.0.1:1/", unable: [] })
        ],
        servers: [
          expect.objectContaining({ server: "eu", owner: one.id, unownedSeconds: 0 }),
          expect.objectContaining({ server: "br", owner: one.id, unownedSeconds: 0 })
        ]
      })
      const owned = (of: typeof one) =>
        Effect.map(of.call("GET", "/metrics"), ({ text }) =>
          ["eu", "br"].map((id) =>
            text.includes(`\nevolution_listener_server_owned{server="${id}"} 1\n`)
          )
        )
      expect([yield* owned(one), yield* owned(two)]).toEqual([
        [true, true],
        [false, false]
      ])
      expect((yield* two.call("GET", "/metrics")).text).toContain(
        `\nevolution_listener_replicas{version="${version}"} 2\n`
      )

      expect((yield* one.call("GET", "/metrics")).text).toMatch(
        /takeovers_total\{reason="\w+",server="eu"\} [1-9]/
      )

      const asBound = { headers: { apikey: String(made.json.key) } }
      const bound = yield* one.call("GET", "/cluster", asBound)
      expect(bound.json.servers.map(({ server }: { server: string }) => server)).toEqual(["br"])
      expect(bound.json.replicas.map(({ address }: { address: unknown }) => address)).toEqual([
        null,
        null
      ])
      expect(bound.text).not.toContain("eu")
      const path = "/cluster/servers/br/handover"
      expect((yield* one.call("POST", path, asBound)).status).toBe(403)

      const before = bound.json.servers[0].epoch
      const given = yield* two.call("POST", path)
      expect([given.status, given.json]).toEqual([202, { server: "br", heir: two.id }])
      const after = yield* until(
        one.call("GET", "/cluster"),
        ({ json }) => json.servers[1].owner === two.id
      )
      expect(after.json.servers[1].epoch).toBe(before + 1)
      const { json: audit } = yield* one.call("GET", "/audit")
      expect(
        audit.rows
          .filter(({ action }: { action: string }) => action === "hand_over")
          .map(({ keyName, outcome, server }: Record<string, string>) => [keyName, server, outcome])
      ).toEqual([
        ["API_KEY", "br", "done"],
        ["bound", "br", "Forbidden"]
      ])
    })
  )
})

describe("a server", () => {
  it.scoped("has no owner where that is gone, or silent for 3 s", () =>
    Effect.gen(function* () {
      const [lively, silent, gone] = ["1", "2", "3"].map(
        (end) => `00000000-0000-4000-8000-00000000000${end}`
      )
      const began = new Date(0)
      const row = (id = "", silentSeconds = 0) => ({
        id,
        address: "http://127.0.0.1:1/",
        version,
        since: began,
        seenAt: began,
        silentSeconds,
        leaving: false,
        unable: ["default", "not-in-the-settings"]
      })
      const stateOf = (owner: string | null | undefined, silentSeconds: number) =>
        Effect.gen(function* () {
          const ownership = Layer.mock(Ownership, {
            me: lively ?? "",
            isAlone: false,
            replicas: Effect.succeed([row(lively, 2.99), row(silent, 3)]),
            holders: Effect.succeed([
              { server: "default", epoch: 7, owner: owner ?? null, since: began, silentSeconds }
            ])
          })
          const { call } = yield* serve(Layer.provideMerge(ownership, house()))
          return Object((yield* call("GET", "/cluster")).json)
        })
      const told = { server: "default", epoch: 7, since: "1970-01-01T00:00:00.000Z" }
      const all = yield* stateOf(lively, 2.99)
      expect(all.servers).toEqual([{ ...told, owner: lively, unownedSeconds: 0 }])
      expect(all.replicas).toMatchObject([
        { id: lively, silentSeconds: 2, unable: ["default"] },
        { id: silent, silentSeconds: 3 }
      ])
      for (const [owner, seconds] of [
        [silent, 3.5],
        [gone, 61],
        [null, 0.2]
      ] as const)
        expect((yield* stateOf(owner, seconds)).servers).toEqual([
          { ...told, owner: null, unownedSeconds: Math.floor(seconds) }
        ])
    })
  )
})
