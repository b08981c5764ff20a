import { afterAll, afterEach, beforeAll, describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { connect } from "../../src/Client/mod.ts"
import { type Simulator, scopedSimulator } from "../../src/Testing/mod.ts"
import { storage } from "../support/databases.ts"
import {
  apiKey,
  at,
  freePort,
  listener,
  type ServiceProcess,
  startService
} from "../support/ServiceProcess.ts"
import { startProxy, type TcpProxy } from "../support/TcpProxy.ts"
import { type Reader, readers } from "./readers.ts"

const eventually = <A>(read: () => A | Promise<A>) =>
  expect.poll(read, { timeout: 60_000, interval: 50 })

/** The service as users run it, over a simulated Evolution, and a network between it and its readers. */
describe("a reader of a service", { timeout: 120_000 }, () => {
  const scope = Effect.runSync(Scope.make())
  const run = <A>(effect: Effect.Effect<A, unknown, Scope.Scope>): Promise<A> =>
    Effect.runPromise(Effect.provideService(effect, Scope.Scope, scope))
  let evolution: Simulator
  let service: ServiceProcess
  let proxy: TcpProxy
  let settings: Record<string, string>
  const leaving: Array<Reader> = []

  beforeAll(async () => {
    evolution = await run(scopedSimulator())
    settings = {
      ...at(evolution),
      ...(await run(storage)),
      PORT: String(await run(freePort))
    }
    service = await run(startService(settings))
    proxy = await startProxy({ port: Number(settings.PORT) })
    await listenTo("shop")
  }, 120_000)
  afterAll(async () => {
    await proxy.close()
    await run(service.stop("SIGTERM"))
    await Effect.runPromise(Scope.close(scope, Exit.void))
  }, 60_000)

  afterEach(async () => {
    await Promise.all(leaving.splice(0).map((reader) => reader.leave()))
  })

  const direct = () => connect({ baseUrl: service.url, apiKey })
  const listenTo = async (name: string) => {
    evolution.add(name, { state: "open" })
    await direct().instances.start({ name })
    await isListening(name)
  }

  const isListening = (name: string) =>
    run(service.until(`/instances/${name}`, (status) => listener(status) === "Listening", 60_000))

  /** The cursors of the events in the log after one of them, as far as it was read. */
  const logAfter = (after: number) => {
    const ids: Array<number> = []
    const more = async (): Promise<number> => {
      const page = await direct().events.read({ after: ids.at(-1) ?? after, limit: 1000 })
      ids.push(...page.events.map(({ id }) => id))
      return page.events.length === 0 ? ids.length : more()
    }
    return { after, ids, more }
  }
  type Log = ReturnType<typeof logAfter>
  const newest = async () => {
    const log = logAfter(0)
    await log.more()
    return log.ids.at(-1) ?? 0
  }

  let said = 0
  const say = (count: number, name = "shop", text = "") => {
    for (let nth = 0; nth < count; nth++)
      evolution.emit(name, "chats.upsert", [{ id: `${++said}`, text }])
  }
  /** Waits until the log has so many events. */
  const has = ({ more }: Log, count: number) => eventually(more).toBeGreaterThanOrEqual(count)

  const open = async (read: (typeof readers)[number][1], more = {}) => {
    const after = await newest()
    const reader = read({ baseUrl: `http://127.0.0.1:${proxy.port}`, apiKey, after, ...more })
    leaving.push(reader)
    return { log: logAfter(after), reader }
  }
  /** The reader got exactly what the log has, in its order. */
  const hasAll = async (reader: Reader, log: Log) => {
    await eventually(async () => reader.ids.length - (await log.more())).toBe(0)
    expect(reader.ids).toEqual(log.ids)
    expect(reader.failure()).toBeUndefined()
  }

  describe.each(readers)("with %s", (_name, read) => {
    it("gets every event once, however often its connection is cut", async () => {
      const { log, reader } = await open(read)
      proxy.slice(700, 1)
      for (let cut = 1; cut <= 4; cut++) {
        say(100)
        await eventually(() => reader.ids.length).toBeGreaterThan(100 * (cut - 1) + 10)
        proxy.reset()
      }
      proxy.pass()
      await has(log, 400)
      await hasAll(reader, log)
      expect(reader.interruptions.length).toBeGreaterThanOrEqual(3)
    })

    it("goes on after a restart of the service, which takes its leave", async () => {
      const { log, reader } = await open(read)
      say(20)
      await has(log, 20)
      await eventually(() => reader.ids.length).toBeGreaterThanOrEqual(20)
      await run(service.stop("SIGTERM"))
      await eventually(() => reader.interruptions).toContain("stopping")
      service = await run(startService(settings))
      await isListening("shop")
      const before = log.ids.length
      say(20)
      await has(log, before + 20)
      await hasAll(reader, log)
    })

    it("is told when events were purged while it was away", async () => {
      const name = `gone-${_name}`
      await listenTo(name)
      const { log, reader } = await open(read, { goesOn: true })
      const firm = read({ baseUrl: `http://127.0.0.1:${proxy.port}`, apiKey, after: log.after })
      leaving.push(firm)
      say(3)
      await has(log, 3)
      await hasAll(reader, log)
      proxy.refuse()
      proxy.reset()
      const last = await newest()
      const meanwhile = logAfter(last)
      say(5, name)
      await has(meanwhile, 5)
      await direct().instances.remove({ name, purge: true })
      say(3)
      await has(meanwhile, 8)
      proxy.pass()
      await hasAll(reader, log)
      // Each had its own place when the connections were cut.
      const [{ after } = { after: -1 }] = reader.missed
      expect(reader.missed).toEqual([{ after, cursor: after }])
      expect(after).toBeLessThanOrEqual(last)
      await eventually(firm.failure).toMatchObject({ _tag: "EventsMissed" })
      expect(firm.ids.length).toBeGreaterThanOrEqual(3)
      expect(firm.ids).toEqual(reader.ids.slice(0, firm.ids.length))
    })

    it("that is too slow is sent away, comes back, and misses nothing", async () => {
      let wake = () => {}
      const awake = new Promise<void>((resolve) => {
        wake = resolve
      })
      const { log, reader } = await open(read, { consume: () => awake })
      // More than the service keeps in memory, and than the network holds.
      const text = "x".repeat(20_000)
      for (let count = 300; count <= 3000; count += 300) {
        say(300, "shop", text)
        await has(log, count)
      }
      wake()
      await hasAll(reader, log)
      expect(reader.interruptions).toContain("too_slow")
    })
  })
})
