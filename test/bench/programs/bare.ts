/** A limit: receives with `socket.io-client` and drops each event. */
import { io } from "socket.io-client"
import { serve, variable } from "./serve.ts"

const socket = io(variable("EVOLUTION_URL"), { transports: ["websocket"] })

let count = 0
socket.on("messages.upsert", () => count++)

socket.once("connect", () => serve({ count: () => count }))
