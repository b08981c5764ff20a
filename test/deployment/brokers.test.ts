import { execFileSync } from "node:child_process"
import { randomUUID } from "node:crypto"
import { cpSync, mkdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import amqp from "amqplib"
import { Effect } from "effect"
import { build } from "esbuild"
import { listens, natsUrl, rabbitMqUrl } from "../support/Brokers.ts"
import { temporaryDirectory } from "../support/ServiceProcess.ts"

const root = join(import.meta.dirname, "../..")
const read = (path: string) => readFileSync(join(root, path), "utf8")

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly dependencies?: Readonly<Record<string, string>> }>
  >
}
const { packages }: Lock = JSON.parse(read("package-lock.json"))

/** A package and all that it needs. */
const withAll = (name: string): ReadonlyArray<string> => [
  name,
  ...Object.keys(packages[`node_modules/${name}`]?.dependencies ?? {}).flatMap(withAll)
]

const { scripts }: { readonly scripts: { readonly bundle: string } } = JSON.parse(
  read("package.json")
)
const externals = [...(scripts.bundle.split("&&")[0]?.matchAll(/--external:(\S+)/g) ?? [])].map(
  ([, name = ""]) => name
)

const clients = ["amqplib", "@nats-io/transport-node", "@nats-io/jetstream"]
const needed = [...new Set(clients.flatMap(withAll))].sort()

/** The packages beside the image's program, but for PGlite. */
const copied = [
  ...(/^ {2}cp -r (.+) \/app\/node_modules && \\$/m.exec(read("Dockerfile"))?.[1]?.split(" ") ?? [])
]

const isCopied = (name: string): boolean =>
  copied.some((path) => path === `node_modules/${name}` || path === `node_modules/${dirname(name)}`)

/** The program, bundled as the service is. */
const bundled = (directory: string) =>
  Effect.promise(async () => {
    const outfile = join(directory, "dist/main.js")
    await build({
      entryPoints: [join(root, "test/deployment/programs/sinks.ts")],
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      minify: true,
      external: externals,
      banner: {
        js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);"
      }
    })
    return outfile
  })

const ran = (program: string, name: string): ReadonlyArray<string> =>
  JSON.parse(
    execFileSync(process.execPath, [program, name], {
      encoding: "utf8",
      env: { DELIVERY_RABBITMQ: rabbitMqUrl, DELIVERY_NATS: natsUrl }
    })
  )

const areThere = (await Promise.all([rabbitMqUrl, natsUrl].map(listens))).every(Boolean)

describe("the clients of brokers", () => {
  it("are beside the bundle in the image, with all that they need", () => {
    expect(needed.length).toBeGreaterThan(5)
    expect(needed.filter((name) => !isCopied(name))).toEqual([])
    expect(copied.length).toBeGreaterThan(0)
    for (const path of copied) expect(read(".ci/run")).toContain(path)
  })

  it.scopedLive("are loaded by a message alone, and a program without them says so", () =>
    Effect.gen(function* () {
      const program = yield* bundled(yield* temporaryDirectory)
      // Words of the clients.
      expect(readFileSync(program, "utf8")).not.toMatch(/amqp-node\.github\.io|HPUB /)
      expect(ran(program, "none")).toEqual([
        expect.stringContaining('"amqplib" is not installed'),
        expect.stringContaining('"@nats-io/jetstream" are not installed')
      ])
    })
  )

  it.scopedLive.skipIf(!areThere)("deliver from the bundle, with the packages of the image", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const program = yield* bundled(directory)
      for (const path of copied) {
        mkdirSync(join(directory, dirname(path)), { recursive: true })
        cpSync(join(root, path), join(directory, path), { recursive: true })
      }
      const name = `test-image-${randomUUID().slice(0, 8)}`
      yield* Effect.addFinalizer(() => Effect.promise(() => removeAll(name)))
      expect(ran(program, name)).toEqual(["delivered", "delivered"])
    })
  )
})

const removeAll = async (name: string): Promise<void> => {
  const model = await amqp.connect(rabbitMqUrl)
  const channel = await model.createChannel()
  await channel.deleteQueue(name)
  await channel.deleteExchange(name)
  await model.close()
  const connection = await connect({ servers: [new URL(natsUrl).host] })
  await (await jetstreamManager(connection)).streams.delete(name)
  await connection.close()
}
