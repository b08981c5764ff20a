/** The program: a simulated Evolution that runs the commands of its parent process, and ends with it. */

import { type Settings, simulate } from "../../../src/Testing/mod.ts"
import type { Commands, Reply, Request, Sent } from "./Commands.ts"
import { makeMessages, message, seqOf } from "./Messages.ts"

const settings: Partial<Settings> = JSON.parse(process.argv[2] ?? "{}")
const simulator = await simulate(settings)
const sent: Array<Sent> = []

simulator.onEmit(({ data, event, instance }) =>
  sent.push({ instance, event, id: idOf(data), seq: seqOf(data), at: Date.now() })
)

const messages = makeMessages((instance, event, data) =>
  simulator.emit(instance, event, { ...data, instanceId: simulator.instance(instance).id })
)

const evenly = (count: number, seconds: number, act: () => void): void => {
  const began = performance.now()
  let done = 0
  const timer = setInterval(() => {
    const due = Math.min(1, (performance.now() - began) / (seconds * 1000)) * count
    for (; done < due; done++) act()
    if (done >= count) clearInterval(timer)
  }, 5)
}

const commands: Commands = {
  add: (names, known) => {
    for (const name of names) simulator.add(name, known)
  },
  emit: simulator.emit,
  repeat: ({ data, event, instance }, count, seconds) =>
    evenly(count, seconds, () => simulator.emit(instance, event, data)),
  media: (name, count, bytes, seconds) =>
    evenly(count, seconds, () => messages.sendMedia(name, bytes)),
  history: (name, megabytes) => {
    const count = megabytes * 1024
    const chunk = Array.from({ length: count }, (_, index) => message(`${name}old`, index + 1, 650))
    simulator.emit(name, "messages.set", chunk, { isLatest: true, progress: 100 })
    return count
  },
  load: messages.begin,
  endLoad: messages.end,
  message: (instances) => instances.map((instance) => messages.send(instance)),
  stored: () =>
    [...simulator.stored()].flatMap(([instance, found]) =>
      found.map(({ key }) => ({ instance, id: String(key.id) }))
    ),
  sent: () => sent,
  broadcast: simulator.broadcast,
  deafen: simulator.deafen,
  drop: simulator.drop,
  fallSilent: simulator.fallSilent,
  garble: simulator.garble,
  refuse: simulator.refuse,
  stop: simulator.stop,
  start: simulator.start,
  connections: simulator.connections
}

const run = async ({ args, command, number }: Request): Promise<Reply> => {
  try {
    const perform: (...args: ReadonlyArray<never>) => unknown = commands[command]
    // The parent's handle takes its arguments from the same `Commands`.
    return { number, value: await perform(...(args as ReadonlyArray<never>)) }
  } catch (error) {
    return {
      number,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error)
    }
  }
}

const idOf = (data: unknown): string | null => {
  if (typeof data !== "object" || data === null) return null
  const key = "key" in data ? data.key : data
  if (typeof key !== "object" || key === null || !("id" in key)) return null
  return typeof key.id === "string" ? key.id : null
}

const tell = (reply: Reply) => process.send?.(reply)
process.on("message", (request: Request) => void run(request).then(tell))
process.on("disconnect", () => process.exit())
tell({ url: simulator.url, apiKey: simulator.apiKey })
