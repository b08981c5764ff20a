/** A rival: receives with `socket.io-client` and awaits one INSERT for each event. */
import pg from "pg"
import { io } from "socket.io-client"
import { type Envelope, insert, valuesOf } from "./rival.ts"
import { serve, variable } from "./serve.ts"

const client = new pg.Client({ connectionString: variable("DATABASE_URL") })
await client.connect()
const socket = io(variable("EVOLUTION_URL"), { transports: ["websocket"] })

let last: Promise<unknown> = Promise.resolve()
socket.on("messages.upsert", (envelope: Envelope) => {
  last = last.then(() => client.query(insert, valuesOf(envelope)))
})

socket.once("connect", () => serve({}))
