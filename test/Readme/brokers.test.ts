import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { wordOf } from "../../src/Delivery/Sink/Route.ts"
import { Settings } from "../../src/Domain/Endpoint.ts"
import { outgoing } from "../Delivery/Sink/outgoing.ts"
import { admin, sinkTo } from "../Delivery/Sink/RabbitMq/admin.ts"
import { listens, rabbitMqUrl } from "../support/Brokers.ts"
import { temporaryDirectory } from "../support/ServiceProcess.ts"
import { blocksOf, codesIn, root, sectionOf, tablesOf } from "./pages.ts"

const page = "docs/brokers.md"
const recipe = "docs/recipes/rabbitmq-consumer.md"

describe("The page about brokers", () => {
  it("has endpoints that the service takes, and so has the recipe", () => {
    const blocks = [page, recipe].flatMap((file) => blocksOf(file, "json"))
    expect(blocks).toHaveLength(4)
    for (const block of blocks)
      expect(() =>
        Schema.decodeUnknownSync(Settings, { onExcessProperty: "error" })(JSON.parse(block))
      ).not.toThrow()
  })

  it("has the words that the service makes of names", () => {
    const section = sectionOf(page, "## Names in keys and subjects")
    const rows = tablesOf(section, "| instance |").map((cells) => cells.flatMap(codesIn))
    expect(rows.length).toBeGreaterThan(4)
    for (const [name = "", word] of rows) expect(wordOf(name, 128)).toBe(word)
  })
})

const isRunning = await listens(rabbitMqUrl)
const hasPika = spawnSync("python3", ["-c", "import pika"]).status === 0

const consumers = [
  {
    name: "Node",
    file: "consumer.mjs",
    code: blocksOf(recipe, "js")[0] ?? "",
    command: process.execPath,
    canRun: true,
    test: "undefined webhook.test undefined"
  },
  {
    name: "Python",
    file: "consumer.py",
    code: blocksOf(recipe, "python")[0] ?? "",
    command: "python3",
    canRun: hasPika,
    test: "None webhook.test None"
  }
]

/** A consumer that is killed with the scope; gives what it prints, once it has printed a line. */
const running = (command: string, path: string, env: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const child: ChildProcess = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(command, [path], { env: { ...process.env, ...env } })),
      (started) => Effect.sync(() => started.kill("SIGKILL"))
    )
    let output = ""
    child.stdout?.on("data", (text: Buffer) => {
      output += text.toString()
    })
    child.stderr?.on("data", (text: Buffer) => {
      output += text.toString()
    })
    return {
      until: (line: string) =>
        Effect.promise(async () => {
          while (!output.includes(`${line}\n`)) {
            if (child.exitCode !== null) throw new Error(`The consumer ended: ${output}`)
            await Promise.race([
              once(child.stdout ?? child, "data"),
              once(child.stderr ?? child, "data"),
              once(child, "exit")
            ])
          }
          return output.trim().split("\n")
        })
    }
  })

describe("The recipe for a consumer of RabbitMQ", () => {
  for (const { canRun, code, command, file, name, test } of consumers)
    it.scopedLive.runIf(canRun && isRunning)(
      `takes each event once, in order, in ${name}${canRun && isRunning ? "" : " (skipped: RabbitMQ or the client is not here)"}`,
      () =>
        Effect.gen(function* () {
          const { drain, names } = yield* admin(rabbitMqUrl)
          const sink = yield* sinkTo(rabbitMqUrl, {
            exchange: names.exchange,
            queue: { name: names.queue }
          })
          yield* sink.send(outgoing(1))
          const home = yield* temporaryDirectory
          symlinkSync(join(root, "node_modules"), join(home, "node_modules"))
          writeFileSync(join(home, file), code)
          const env = {
            RABBITMQ_URL: rabbitMqUrl,
            QUEUE: names.queue,
            DATABASE: join(home, "consumer.db")
          }
          const end = { ...outgoing(3), id: "test", item: { _tag: "Test" as const, at: 0 } }
          yield* Effect.scoped(
            Effect.gen(function* () {
              const consumer = yield* running(command, join(home, file), env)
              yield* sink.send({ ...outgoing(1), attempt: 2 })
              yield* sink.send(outgoing(2))
              yield* sink.send(end)
              expect(yield* consumer.until(test)).toEqual([
                "shop messages.upsert 1",
                "shop messages.upsert 2",
                test
              ])
            })
          )
          // What was printed before the kill may not have been acknowledged yet.
          const left = (yield* drain()).map(({ properties }) => properties.messageId)
          expect(left.filter((id) => id !== "test")).toEqual([])
        }),
      30_000
    )
})
