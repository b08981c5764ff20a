import { type ChildProcess, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { connect } from "../../src/Client/mod.ts"
import * as EvolutionListener from "../../src/EvolutionListener.ts"
import { scopedSimulator } from "../../src/Testing/mod.ts"
import { house, key, serve } from "../Http/Service.ts"
import { storage } from "../support/databases.ts"
import { at } from "../support/ServiceProcess.ts"
import { startProxy } from "../support/TcpProxy.ts"
import { examples, operationsOf, written } from "./generate.ts"
import { interpreters } from "./interpreters.ts"

const root = join(import.meta.dirname, "../..")

describe("the calls of the examples", () => {
  it.scopedLive("are those of the description that the service serves", () =>
    Effect.gen(function* () {
      const { call } = yield* serve(house())
      const { json } = yield* call("GET", "/openapi.json")
      const operations = operationsOf(json)
      expect(operations.length).toBeGreaterThan(25)
      for (const example of examples)
        expect(readFileSync(join(root, example[0]), "utf8"), example[0]).toBe(
          written(example, operations)
        )
    })
  )
})

/** The lines that a program has written so far. */
const linesOf = (child: ChildProcess) => {
  let text = ""
  const keep = (part: Buffer) => {
    text += part.toString("utf8")
  }
  child.stdout?.on("data", keep)
  child.stderr?.on("data", keep)
  return () => text.split("\n").slice(0, -1)
}

const eventually = <A>(read: () => A | Promise<A>) => expect.poll(read, { timeout: 20_000 })

for (const { command, isThere, name, program } of interpreters)
  describe.skipIf(!isThere)(`the example in ${name}`, { timeout: 60_000 }, () => {
    it.scopedLive("lists, starts, reads a page, and streams on when its connection is lost", () =>
      Effect.gen(function* () {
        const evolution = yield* scopedSimulator()
        const served = yield* serve(EvolutionListener.layer, {
          API_KEY: key,
          ...(yield* storage),
          ...at(evolution)
        })
        const proxy = yield* Effect.acquireRelease(
          Effect.promise(() => startProxy({ port: served.port })),
          ({ close }) => Effect.promise(close)
        )
        const client = connect({ baseUrl: served.url, apiKey: key })
        const instance = "loja 1/é"
        evolution.add(instance, { state: "open" })
        yield* Effect.promise(async () => {
          await client.instances.start({ name: instance })
          await eventually(async () => {
            const { listener } = await client.instances.get({ name: instance })
            return listener.state._tag
          }).toBe("Listening")
        })
        const child = yield* Effect.acquireRelease(
          Effect.sync(() =>
            spawn(command, [program, instance], {
              cwd: root,
              env: {
                PATH: process.env.PATH,
                URL: `http://127.0.0.1:${proxy.port}`,
                API_KEY: key,
                PYTHONDONTWRITEBYTECODE: "1"
              }
            })
          ),
          (running) => Effect.sync(() => running.kill("SIGKILL"))
        )
        const lines = linesOf(child)
        const say = (count: number) => {
          for (let nth = 0; nth < count; nth++) evolution.emit(instance, "chats.upsert", [{ nth }])
        }
        /** The events of this instance in the log, as the program prints them. */
        const log = async () => {
          const { events } = await client.events.read({ instance, limit: 1000 })
          return events.map(({ event, id }) => `${id} ${event}`)
        }
        const told = () =>
          lines()
            .filter((line) => /^(?:page|stream) /.test(line))
            .map((line) => line.replace(/^\w+ /, ""))
        yield* Effect.promise(async () => {
          await eventually(lines).toContain("start listening")
          expect(lines()).toContain(`instance ${instance} Listening`)
          const hasAll = async (count: number) => {
            await eventually(async () => (await log()).length).toBeGreaterThanOrEqual(count)
            await eventually(async () => told().length - (await log()).length).toBe(0)
          }
          say(20)
          await hasAll(20)
          // From here on, nothing comes by a page.
          for (const count of [40, 60]) {
            say(10)
            await hasAll(count - 10)
            proxy.reset()
            say(10)
            await hasAll(count)
          }
          expect(told()).toEqual(await log())
        })
      })
    )

    it.scopedLive("says what the service refuses", () =>
      Effect.gen(function* () {
        const { url } = yield* serve(house())
        const child = spawn(command, [program, "loja-1"], {
          cwd: root,
          env: {
            PATH: process.env.PATH,
            URL: url,
            API_KEY: "a-wrong-key",
            PYTHONDONTWRITEBYTECODE: "1"
          }
        })
        const lines = linesOf(child)
        const code = yield* Effect.promise(
          () => new Promise<number | null>((resolve) => child.once("close", resolve))
        )
        expect(code).not.toBe(0)
        expect(lines().join("\n")).toContain("Cannot let you in")
        expect(lines().join("\n")).not.toContain("a-wrong-key")
      })
    )
  })
