/** A rival: `socket.io-client` listening to many instances, to see what one costs that hears nothing. */
import { Manager } from "socket.io-client"
import { nameOf } from "./Evolution/Feed.ts"
import { serve, variable } from "./serve.ts"

export type Idle = typeof commands

const url = variable("EVOLUTION_URL")
const options = { transports: ["websocket"], autoConnect: true }
/** Held, as a program that listens holds them. */
const listeners: Array<unknown> = []

const commands = {
  /** On one connection for all, or on one for each. Succeeds when all of them are connected. */
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
