/**
 * A rival: receives with `socket.io-client` and calls `fetch` for each event and each address. It keeps in memory what
 * failed and tries it again as Evolution's own webhook does
 * (2.3.6, src/api/integrations/event/webhook/webhook.controller.ts).
 */
import { io } from "socket.io-client"
import type { Envelope } from "./rival.ts"
import { serve, variable } from "./serve.ts"

export type Forwarder = typeof commands

const retries = { attempts: 10, first: 5000, longest: 300_000, jitter: 0.2 }
const timeout = 30_000
/** Evolution does not try these again. */
const final = new Set([400, 401, 403, 404, 422])

let urls: ReadonlyArray<string> = []
let taken = 0
let waiting = 0

const post = async (url: string, body: string): Promise<boolean> => {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      signal: AbortSignal.timeout(timeout)
    })
    await response.arrayBuffer()
    return response.ok || final.has(response.status)
  } catch {
    return false
  }
}

const deliver = async (url: string, body: string): Promise<void> => {
  waiting++
  for (let attempt = 1; !(await post(url, body)) && attempt < retries.attempts; attempt++) {
    const delay = Math.min(retries.first * 2 ** (attempt - 1), retries.longest)
    const varied = delay * (1 + retries.jitter * (2 * Math.random() - 1))
    await new Promise((resolve) => setTimeout(resolve, varied))
  }
  waiting--
}

const commands = {
  /** Events are sent to these addresses from now on. */
  aim: (at: ReadonlyArray<string>): void => {
    urls = at
  },
  /** Events that came so far. */
  taken: (): number => taken,
  /** Events that were not delivered yet, of each address. */
  waiting: (): number => waiting
}

const socket = io(variable("EVOLUTION_URL"), { transports: ["websocket"] })
socket.on("messages.upsert", (envelope: Envelope) => {
  taken++
  const body = JSON.stringify(envelope)
  for (const url of urls) void deliver(url, body)
})
socket.once("connect", () => serve(commands))
