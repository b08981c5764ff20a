/** A RabbitMQ and a NATS that the scenario may hurt, and all that the service has published there. */
import { jetstreamManager } from "@nats-io/jetstream"
import { connect as connectNats } from "@nats-io/transport-node"
import { connect as connectRabbitMq } from "amqplib"
import { Effect, Exit, Scope } from "effect"
import { hasNats, hasRabbitMq, nats, rabbitMq } from "../../support/Brokers.ts"
import { readBody } from "../../support/Receiver/Arrival.ts"
import type { Arrival } from "../../support/Receiver.ts"
import type { Wanted } from "./Endpoints.ts"

export interface Brokers {
  readonly variables: Readonly<Record<string, string>>
  readonly rabbitMq: { readonly kill: () => Promise<void>; readonly start: () => Promise<void> }
  readonly nats: { readonly kill: () => Promise<void>; readonly start: () => Promise<void> }
  /** The number of different events that an endpoint has published. */
  readonly count: (path: string) => Promise<number>
  /** All messages of both, as they stand there. */
  readonly arrivals: () => Promise<ReadonlyArray<Arrival>>
  readonly close: () => Promise<void>
}

/** The reason for which scenarios with brokers cannot run here. */
export const missing =
  hasRabbitMq && hasNats
    ? undefined
    : "Debian's packages rabbitmq-server and nats-server are needed"

const [rabbitMqVariable, natsVariable] = ["DELIVERY_CHAOS_RABBITMQ", "DELIVERY_CHAOS_NATS"]
const queue = "chaos"
const stream = "chaos"

export const endpoints: ReadonlyArray<Wanted> = [
  {
    path: "rabbitmq",
    target: {
      type: "rabbitmq",
      url: { env: rabbitMqVariable },
      exchange: "chaos",
      queue: { name: queue }
    }
  },
  { path: "nats", target: { type: "nats", url: { env: natsVariable }, stream } }
]

const arrivalOf = (path: string, id: string, body: string): Arrival => ({
  at: 0,
  path,
  id,
  ...readBody(body),
  manner: "Broker",
  status: 200,
  isSigned: null,
  isReplay: false
})

export const startBrokers = async (): Promise<Brokers> => {
  const scope = Effect.runSync(Scope.make())
  const within = <A>(effect: Effect.Effect<A, never, Scope.Scope>) =>
    Effect.runPromise(Scope.extend(effect, scope))
  const [rabbit, jetStream] = await Promise.all([within(rabbitMq), within(nats())])
  const natsUrl = `nats://127.0.0.1:${jetStream.port}`
  const arrivals = new Map<string, Array<Arrival>>([
    ["rabbitmq", []],
    ["nats", []]
  ])
  let sequence = 0

  /** Takes what is in the queue; it is there no more afterwards. */
  const takeRabbitMq = async () => {
    const connection = await connectRabbitMq(rabbit.url())
    try {
      const channel = await connection.createChannel()
      while (true) {
        const message = await channel.get(queue, { noAck: true })
        if (message === false) return
        const id = String(message.properties.messageId)
        arrivals.get("rabbitmq")?.push(arrivalOf("rabbitmq", id, message.content.toString()))
      }
    } finally {
      await connection.close()
    }
  }

  const takeNats = async () => {
    const connection = await connectNats({ servers: [natsUrl] })
    try {
      const manager = await jetstreamManager(connection)
      const { state } = await manager.streams.info(stream)
      for (; sequence < state.last_seq; sequence++) {
        const message = await manager.streams.getMessage(stream, { seq: sequence + 1 })
        if (message === null) continue
        const id = message.header.get("Nats-Msg-Id")
        arrivals.get("nats")?.push(arrivalOf("nats", id, new TextDecoder().decode(message.data)))
      }
    } finally {
      await connection.close()
    }
  }

  return {
    variables: { [rabbitMqVariable]: rabbit.url(), [natsVariable]: natsUrl },
    rabbitMq: rabbit,
    nats: jetStream,
    count: async (path) => {
      await (path === "nats" ? takeNats() : takeRabbitMq())
      return new Set(arrivals.get(path)?.map(({ cursor }) => cursor)).size
    },
    arrivals: async () => {
      await takeRabbitMq()
      await takeNats()
      return [...arrivals.values()].flat()
    },
    close: () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}
