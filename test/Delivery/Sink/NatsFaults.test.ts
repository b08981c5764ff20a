import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { freePort, hasNats, nats } from "../../support/Brokers.ts"
import { admin, sinkTo } from "./Nats/admin.ts"
import { failureOf, outgoing, untilConfirmed } from "./outgoing.ts"

const password = "sesame-of-nats"

/** Users that may do all, publish to `evolution` alone, and publish to `made` and create its stream. */
const authorization = `authorization {
  users = [
    { user: "all", password: "${password}" }
    { user: "writer", password: "${password}", permissions: {
      publish: ["evolution.>"], subscribe: ["_INBOX.>"] } }
    { user: "maker", password: "${password}", permissions: {
      publish: ["made.>", "$JS.API.STREAM.INFO.*", "$JS.API.STREAM.CREATE.*"]
      subscribe: ["_INBOX.>"] } }
  ]
}`

describe.skipIf(!hasNats)("a sink of NATS", () => {
  it.scopedLive("says what is wrong with the address, and never what is secret in it", () =>
    Effect.gen(function* () {
      const broker = yield* nats(authorization)
      const tokens = yield* nats(`authorization { token: "${password}" }`)

      const closed = yield* Effect.promise(freePort)
      const at = `127.0.0.1:${broker.port}`
      const url = `nats://all:${password}@${at}`
      const stream = "evolution"

      const cases: ReadonlyArray<readonly [string, string, RegExp]> = [
        [`nats://all:wrong-password@${at}`, "ours", /refused the user, the password or the token/],
        [`nats://${at}`, "ours", /refused the user, the password or the token/],
        [`nats://wrong-password@127.0.0.1:${tokens.port}`, "ours", /refused the user/],
        [`nats://all:${password}@127.0.0.1:${closed}`, "unreachable", /ECONNREFUSED/],
        [`nats://all:${password}@no-such-host.invalid`, "unreachable", /no-such-host/],
        [`tls://all:${password}@${at}`, "unreachable", /no connection to/],
        [`http://all:${password}@${at}`, "ours", /DELIVERY_NATS has no address/],
        [`nats://all:${password}%@${at}`, "ours", /has no address/],
        ["", "ours", /has no address/]
      ]
      for (const [address, kind, message] of cases) {
        const sink = yield* sinkTo(address)
        const failure = yield* failureOf(sink, outgoing(1))
        expect(failure.kind, `${failure.message} ${message}`).toBe(kind)
        expect(failure.message).toMatch(message)
        const all = JSON.stringify(failure) + String(failure) + failure.stack
        for (const secret of [password, "wrong-password"]) expect(all).not.toContain(secret)
      }

      // One of several addresses is enough, and credentials may stand at any of them.
      const several = yield* sinkTo(`127.0.0.1:${closed}, ${url}`, { stream })
      yield* several.send(outgoing(1))
      const writer = yield* sinkTo(`nats://writer:${password}@${at}`)
      yield* writer.send(outgoing(2))
      const elsewhere = yield* sinkTo(`nats://writer:${password}@${at}`, {
        subject: "other.{event}"
      })
      const failure = yield* failureOf(elsewhere, outgoing(3))
      expect(failure.kind).toBe("ours")
      expect(failure.message).toContain('may not publish to "other.messages.upsert"')
      const maker = yield* sinkTo(`nats://maker:${password}@${at}`, {
        subject: "made.{event}",
        stream: "made"
      })
      yield* maker.send(outgoing(1))
      const token = yield* sinkTo(`nats://${password}@127.0.0.1:${tokens.port}`, { stream })
      yield* token.send(outgoing(1))
    })
  )

  it.scopedLive("gives up a server that says nothing, and comes back to it", () =>
    Effect.gen(function* () {
      const broker = yield* nats()
      const url = `nats://127.0.0.1:${broker.port}`
      const sink = yield* sinkTo(url, { stream: "evolution" }, { timeout: 1 })
      yield* sink.send(outgoing(1))
      broker.freeze()
      const failure = yield* failureOf(sink, outgoing(2))
      expect(failure).toMatchObject({ kind: "unreachable" })
      expect(failure.message).toContain("no acknowledgement within 1 s")
      const unopened = yield* failureOf(sink, outgoing(2))
      expect(unopened.message).toContain("did not answer within 1 s")
      broker.thaw()
      yield* untilConfirmed(sink, outgoing(2))
      const { read } = yield* admin(url)
      expect((yield* read("evolution")).length).toBe(2)
    })
  )

  // automagik-dev/omni#807, kubeshop/testkube#7188: the client gives up for ever after ten attempts. nats-io/nats.js#213:
  // what it kept meanwhile is lost. nats-io/nats.js#247: a message fails with a TypeError.
  it.scopedLive(
    "loses nothing, and keeps the order and one copy of each, while the server is killed under load",
    () =>
      Effect.gen(function* () {
        const broker = yield* nats()
        const url = `nats://127.0.0.1:${broker.port}`
        const sink = yield* sinkTo(url, { stream: "evolution" }, { timeout: 3 })
        const lanes = Array.from({ length: 8 }, (_, lane) => `lane-${lane}`)
        const cursors = Array.from({ length: 400 }, (_, index) => index + 1)
        let confirmed = 0
        const load = yield* Effect.forEach(
          lanes,
          (instance) =>
            Effect.forEach(cursors, (id) =>
              Effect.tap(
                untilConfirmed(sink, {
                  ...outgoing(id, { instance }),
                  id: `evt_${instance}_${id}`
                }),
                () => Effect.sync(() => void confirmed++)
              )
            ),
          { concurrency: "unbounded" }
        ).pipe(Effect.fork)

        for (const kill of [1, 2, 3, 4]) {
          const from = (kill * lanes.length * cursors.length) / 5
          yield* Effect.repeat(Effect.sleep("2 millis"), { while: () => confirmed < from })
          yield* Effect.promise(() => broker.kill())
          yield* Effect.promise(() => broker.start())
        }
        const attempts = (yield* Fiber.join(load)).flat()
        expect(attempts.some((count) => count > 1)).toBe(true)

        const { read } = yield* admin(url)
        const messages = yield* read("evolution")
        for (const lane of lanes)
          expect(
            messages
              .filter(({ header }) => header.get("Instance") === lane)
              .map(({ header }) => Number(header.get("Cursor")))
          ).toEqual(cursors)
        process.stdout.write(`NATS: ${messages.length} messages, no copy, 4 kills\n`)
      }),
    120_000
  )
})
