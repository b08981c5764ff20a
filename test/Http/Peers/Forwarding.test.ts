import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { replica, shop, testDatabaseUrl, until, world } from "./House.ts"

/** One server, an owner of it, and another replica. */
const pair = Effect.gen(function* () {
  const { give, shared, ...rest } = yield* world()
  const owner = yield* replica(shared)
  const other = yield* replica(shared)
  yield* give("default", owner)
  return { give, other, owner, shared, ...rest }
})

describe.skipIf(testDatabaseUrl === "")(
  "A replica that does not own the server",
  { timeout: 120_000 },
  () => {
    it.scopedLive("answers as the owner does", () =>
      Effect.gen(function* () {
        const { other, owner, simulators } = yield* pair
        const at = performance.now()
        const there = yield* other.call("GET", `/instances/${shop}/status`)
        console.log(there.status, there.text.slice(0, 300), performance.now() - at)
        const again = performance.now()
        for (let nth = 0; nth < 100; nth++) yield* other.call("GET", `/instances/${shop}/status`)
        console.log("100 forwarded", performance.now() - again)
        const direct = performance.now()
        for (let nth = 0; nth < 100; nth++) yield* owner.call("GET", `/instances/${shop}/status`)
        console.log("100 direct", performance.now() - direct)
        const created = yield* other.call("POST", "/instances", { body: { name: "made-there" } })
        console.log(created.status, created.text.slice(0, 200))
        expect(simulators.default?.instance("made-there").name).toBe("made-there")
        const audit = yield* owner.call("GET", "/audit")
        console.log(audit.text)
        console.log((yield* other.call("GET", "/summary")).text.slice(0, 200))
        console.log((yield* other.call("GET", "/instances")).text.length)
        yield* until(
          Effect.sync(() => other.owns("default")),
          (is) => !is
        )
      })
    )
  }
)
