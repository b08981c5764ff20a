/** A limit: receives with `ws`, parses with `JSON.parse`, stores nothing. */
import WebSocket from "ws"
import { serve, variable } from "./serve.ts"

const url = variable("EVOLUTION_URL").replace("http", "ws")
const socket = new WebSocket(`${url}/socket.io/?EIO=4&transport=websocket`, {
  perMessageDeflate: false
})

let count = 0
socket.on("message", (data) => {
  const packet = data.toString()
  if (packet.startsWith("42")) {
    JSON.parse(packet.slice(2))
    count++
  } else if (packet.startsWith("0")) socket.send("40")
  else if (packet.startsWith("2")) socket.send("3")
  else if (packet.startsWith("40")) serve({ count: () => count })
})
