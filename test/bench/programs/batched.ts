/** A rival: receives with `socket.io-client` and inserts all queued events at once; decodes nothing, keeps no state. */
import pg from "pg"
import { io } from "socket.io-client"
import { columnsOf, type Envelope, insertMany, valuesOf } from "./rival.ts"
import { serve, variable } from "./serve.ts"

const maxBatch = 500

const client = new pg.Client({ connectionString: variable("DATABASE_URL") })
await client.connect()
const socket = io(variable("EVOLUTION_URL"), { transports: ["websocket"] })

const queue: Array<Array<string>> = []
let isWriting = false

const write = async (): Promise<void> => {
  isWriting = true
  while (queue.length > 0) {
    await client.query(insertMany, columnsOf(queue.splice(0, maxBatch)))
  }
  isWriting = false
}

socket.on("messages.upsert", (envelope: Envelope) => {
  queue.push(valuesOf(envelope))
  if (!isWriting) void write()
})

socket.once("connect", () => serve({}))
