/** Faults on the connections below Socket.IO, which the official server never causes. */
import type { Server } from "socket.io"
import type { Garbage } from "./Faults.ts"

/** Keeps every connection and sends nothing more, not even a ping. */
export const fallSilent = (io: Server): void => {
  for (const client of clientsOf(io)) Reflect.set(client, "sendPacket", () => undefined)
}

export const garble = (io: Server, garbage: Garbage): void => {
  for (const client of clientsOf(io)) {
    const socket: unknown = Reflect.get(Reflect.get(client, "transport"), "socket")
    if (typeof socket !== "object" || socket === null) continue
    if (garbage === "bytes") call(Reflect.get(socket, "_socket"), "write", noFrame)
    else call(socket, "send", frames[garbage]())
  }
}

const frames = {
  text: () => "this is no packet",
  event: () => '42["messages.upsert",{"event":"messages.upsert","instance":',
  oversized: () => "4".repeat(65 * 1024 * 1024)
}

/** Reserved bits and a reserved opcode. */
const noFrame = Buffer.from([0xff, 0x7f, 0xff, 0xff])

const clientsOf = (io: Server) => Object.values<object>(Reflect.get(io.engine, "clients"))

const call = (target: unknown, method: string, ...args: ReadonlyArray<unknown>): void => {
  if (typeof target !== "object" || target === null) return
  const found: unknown = Reflect.get(target, method)
  if (typeof found === "function") found.apply(target, args)
}
