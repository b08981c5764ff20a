/** A rival: `socket.io-client` listening to many idle instances, to measure the memory of one. */
import { Manager } from "socket.io-client"
import { nameOf } from "./Evolution/Feed.ts"
import { serve, variable } from "./serve.ts"

export type Idle = typeof commands

const url = variable("EVOLUTION_URL")
const options = { transports: ["websocket"], autoConnect: true }
/** Keeps the sockets reachable, as a program that listens does. */
const listeners: Array<unknown> = []

const commands = {
  /** Opens one connection for all instances, or one for each. Resolves when all are connected. */
  open: async (count: number, isShared: boolean): Promise<void> => {
    const shared = isShared ? new Manager(url, options) : undefined
    const listen = (index: number) =>
      new Promise<void>((resolve) => {
        const manager = shared ?? new Manager(url, options)
        const socket = manager.socket(`/${nameOf(index)}`)
        socket.on("messages.upsert", () => undefined)
        socket.once("connect", () => resolve())
        listeners.push(socket)
      })
    const atOnce = 50
    for (let index = 0; index < count; index += atOnce)
      await Promise.all(
        Array.from({ length: Math.min(atOnce, count - index) }, (_, one) => listen(index + one))
      )
  }
}

serve(commands)
