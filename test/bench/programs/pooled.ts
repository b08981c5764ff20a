/** A rival: `naive` over a pool of 10 connections, which loses the order of events. */
import pg from "pg"
import { io } from "socket.io-client"
import { type Envelope, insert, valuesOf } from "./rival.ts"
import { serve, variable } from "./serve.ts"

const pool = new pg.Pool({ connectionString: variable("DATABASE_URL"), max: 10 })
await pool.query("select 1")
const socket = io(variable("EVOLUTION_URL"), { transports: ["websocket"] })

socket.on("messages.upsert", (envelope: Envelope) => pool.query(insert, valuesOf(envelope)))

socket.once("connect", () => serve({}))
