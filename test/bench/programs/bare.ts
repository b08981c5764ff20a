/** A limit: what `socket.io-client` receives when nothing is done with it. */
import { io } from "socket.io-client"
import { serve, variable } from "./serve.ts"

const socket = io(variable("EVOLUTION_URL"), { transports: ["websocket"] })

let count = 0
socket.on("messages.upsert", () => count++)

socket.once("connect", () => serve({ count: () => count }))
