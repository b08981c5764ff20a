/** Brokers that tests may hurt: of their own, on free ports, in temporary directories. */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { Effect, type Scope } from "effect"

const run = promisify(execFile)

/** Debian's command in the path runs as another user; these are the scripts behind it. */
const scripts = "/usr/lib/rabbitmq/bin"
const natsServer = ["/usr/sbin/nats-server", "/usr/local/bin/nats-server", "/usr/bin/nats-server"]

export const hasRabbitMq = existsSync(join(scripts, "rabbitmq-server"))
export const hasNats = natsServer.some((path) => existsSync(path))

/** The brokers that run on this machine, or that the environment names; tests use names of their own there. */
export const rabbitMqUrl = process.env.TEST_RABBITMQ_URL ?? "amqp://guest:guest@127.0.0.1:5672"
export const natsUrl = process.env.TEST_NATS_URL ?? "nats://127.0.0.1:4222"

/** Does something listen at an address, whatever its scheme? */
export const listens = async (url: string): Promise<boolean> => {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  try {
    await once(socket, "connect")
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

export interface Broker {
  readonly port: number
  /** Kills it at once, as a power failure does. */
  readonly kill: () => Promise<void>
  /** Starts it again, with the same data. */
  readonly start: () => Promise<void>
  /** Stops all its threads, and leaves its connections open. */
  readonly freeze: () => void
  readonly thaw: () => void
}

export interface RabbitMqBroker extends Broker {
  /** The user's address. */
  readonly url: (user?: string) => string
  readonly control: (...args: ReadonlyArray<string>) => Promise<string>
}

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}

/** A process with those that it starts, in a group of its own. */
class Group {
  #leader: ChildProcess | undefined
  #output = ""
  readonly #command: readonly [string, ReadonlyArray<string>, NodeJS.ProcessEnv]

  constructor(...command: readonly [string, ReadonlyArray<string>, NodeJS.ProcessEnv]) {
    this.#command = command
    process.on("exit", () => this.signal("SIGKILL"))
  }

  /** Starts it, and waits until it is ready. */
  async start(isReady: () => Promise<boolean>): Promise<void> {
    const [program, args, env] = this.#command
    this.#output = ""
    const leader = spawn(program, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] })
    this.#leader = leader
    const keep = (text: Buffer) => {
      this.#output = (this.#output + text.toString()).slice(-10_000)
    }
    leader.stdout.on("data", keep)
    leader.stderr.on("data", keep)
    const end = Date.now() + 60_000
    while (!(await isReady())) {
      if (leader.exitCode !== null || Date.now() > end)
        throw new Error(`${program} did not start: ${this.#output}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  signal(name: NodeJS.Signals): void {
    const pid = this.#leader?.pid
    if (pid === undefined || this.#leader?.exitCode !== null || this.#leader.signalCode !== null)
      return
    process.kill(-pid, name)
  }

  async kill(): Promise<void> {
    const leader = this.#leader
    if (leader === undefined || leader.exitCode !== null || leader.signalCode !== null) return
    const gone = once(leader, "exit")
    this.signal("SIGKILL")
    await gone
  }
}

const inDirectory = <A>(
  open: (directory: string) => Promise<readonly [A, () => Promise<void>]>
): Effect.Effect<A, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "evolution-listener-broker-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
  ).pipe(
    Effect.flatMap((directory) =>
      Effect.acquireRelease(
        Effect.promise(() => open(directory)),
        ([, close]) => Effect.promise(close)
      )
    ),
    Effect.map(([broker]) => broker)
  )

const brokerOf = (group: Group, port: number, isReady: () => Promise<boolean>): Broker => ({
  port,
  kill: () => group.kill(),
  start: () => group.start(isReady),
  freeze: () => group.signal("SIGSTOP"),
  thaw: () => group.signal("SIGCONT")
})

export const users = [
  { name: "guest", configure: ".*", write: ".*", read: ".*" },
  /** It may publish, and declare nothing. */
  { name: "writer", configure: "^$", write: ".*", read: "^$" },
  /** It may sign in, and nothing else. */
  { name: "nobody", configure: "^$", write: "^$", read: "^$" }
]
export const password = "sesame-of-the-brokers"

/** A RabbitMQ whose messages have at most a megabyte. */
export const rabbitMq: Effect.Effect<RabbitMqBroker, never, Scope.Scope> = inDirectory(
  async (directory) => {
    const [port, distribution, mapper] = await Promise.all([freePort(), freePort(), freePort()])
    const node = `broker-${port}@localhost`
    writeFileSync(
      join(directory, "definitions.json"),
      JSON.stringify({
        vhosts: [{ name: "/" }, { name: "closed" }],
        users: users.map(({ name }) => ({ name, password, tags: "" })),
        permissions: users.map(({ name, ...rights }) => ({ user: name, vhost: "/", ...rights }))
      })
    )
    writeFileSync(
      join(directory, "rabbitmq.conf"),
      [
        `listeners.tcp.1 = 127.0.0.1:${port}`,
        "max_message_size = 1000000",
        "disk_free_limit.absolute = 1MB",
        "vm_memory_high_watermark.absolute = 2GB",
        `load_definitions = ${join(directory, "definitions.json")}`,
        "log.file.level = error"
      ].join("\n")
    )
    writeFileSync(join(directory, "plugins"), "[].\n")
    const env = {
      PATH: process.env.PATH,
      LANG: "C.UTF-8",
      HOME: directory,
      ERL_EPMD_PORT: String(mapper),
      ERL_EPMD_ADDRESS: "127.0.0.1",
      RABBITMQ_NODENAME: node,
      RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_MNESIA_BASE: join(directory, "data"),
      RABBITMQ_LOG_BASE: join(directory, "log"),
      RABBITMQ_CONF_ENV_FILE: join(directory, "none"),
      RABBITMQ_CONFIG_FILE: join(directory, "rabbitmq.conf"),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, "plugins"),
      RABBITMQ_PID_FILE: join(directory, "pid"),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-noinput +sbwt none +S 1:1 -setcookie of-the-test",
      RABBITMQ_CTL_ERL_ARGS: "-setcookie of-the-test",
      // The server replaces the script, and so has its pid.
      RABBITMQ_ALLOW_INPUT: "1"
    }
    const names = new Group("epmd", ["-port", String(mapper)], env)
    const server = new Group(join(scripts, "rabbitmq-server"), [], env)
    const url = (user = "guest") => `amqp://${user}:${password}@127.0.0.1:${port}`
    const isReady = () => answers(url())
    await names.start(() => listens(`tcp://127.0.0.1:${mapper}`))
    await server.start(isReady)
    const broker = {
      ...brokerOf(server, port, isReady),
      url,
      control: async (...args: ReadonlyArray<string>) =>
        (await run(join(scripts, "rabbitmqctl"), ["-n", node, ...args], { env })).stdout
    }
    const close = async () => {
      await server.kill()
      await names.kill()
    }
    return [broker, close] as const
  }
)

/** It listens before it lets anybody in. */
const answers = async (url: string): Promise<boolean> => {
  const { connect: open } = await import("amqplib")
  try {
    await (await open(url)).close()
    return true
  } catch {
    return false
  }
}

/** A NATS server with JetStream; `settings` in its own format. */
export const nats = (settings = ""): Effect.Effect<Broker, never, Scope.Scope> =>
  inDirectory(async (directory) => {
    const port = await freePort()
    const file = join(directory, "nats.conf")
    const store = `jetstream { store_dir: "${join(directory, "data")}" }`
    writeFileSync(file, `listen: "127.0.0.1:${port}"\n${store}\n${settings}\n`)
    const program = natsServer.find((path) => existsSync(path)) ?? "nats-server"
    const group = new Group(program, ["-c", file], { PATH: process.env.PATH })
    const isReady = () => listens(`tcp://127.0.0.1:${port}`)
    await group.start(isReady)
    return [brokerOf(group, port, isReady), () => group.kill()] as const
  })
