/** The program: a receiver that obeys its parent process, and ends with it. */
import { type Order, type Orders, serve } from "./Server.ts"

const orders: Orders = JSON.parse(process.argv[2] ?? "{}")
const { close, obey, port } = await serve(orders)
process.on("message", ({ number, order }: { number: number; order: Order }) => {
  obey(order)
  process.send?.({ number })
})
process.once("SIGTERM", () => close().then(() => process.exit()))
process.on("disconnect", () => process.exit())
process.send?.({ port })
