/**
 * A page of the simulated Evolution at `/phone`, whose buttons play the phone and WhatsApp. The real Evolution
 * has no such page.
 */
import { readFile } from "node:fs/promises"
import type { IncomingMessage, ServerResponse } from "node:http"
import { join } from "node:path"
import { textMessage } from "./Messages.ts"
import type { Card } from "./Phone/Card.ts"
import type { Simulator } from "./Simulator.ts"
import type { SimulatedInstance } from "./State.ts"

/** Time in which Evolution is down after its button was pressed. */
const awayMillis = 20_000

const files: Readonly<Record<string, readonly [file: string, type: string]>> = {
  "/phone": ["phone.html", "text/html"],
  "/phone/phone.css": ["phone.css", "text/css"],
  "/phone/phone.js": ["phone.js", "text/javascript"]
}

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'"

/** Answers requests for the phone; `false` for any other request. */
export const answerPhone = async (
  simulator: Simulator,
  { method, url }: IncomingMessage,
  response: ServerResponse
): Promise<boolean> => {
  const path = url?.split("?")[0] ?? ""
  if (path !== "/phone" && !path.startsWith("/phone/")) return false
  const json = (status: number, body: unknown) =>
    response
      .writeHead(status, { "content-type": "application/json", "cache-control": "no-store" })
      .end(JSON.stringify(body))
  const file = files[path]
  if (method === "GET" && file !== undefined) {
    const [name, type] = file
    response.writeHead(200, {
      "content-type": `${type}; charset=utf-8`,
      "content-security-policy": policy
    })
    response.end(await readFile(join(import.meta.dirname, "Phone", name)))
  } else if (method === "GET" && path === "/phone/instances") {
    json(200, simulator.instances().map(cardOf))
  } else if (method === "POST" && path === "/phone/outage") {
    // The answer goes first, as the action cuts all connections.
    response.setHeader("connection", "close")
    response.socket?.once("close", () => void simulator.leave(awayMillis))
    json(200, { millis: awayMillis })
  } else if (method === "POST") {
    const [, , , name = "", act = ""] = path.split("/")
    const text = new URL(url ?? "", "http://phone").searchParams.get("text") ?? ""
    const problem = await press(simulator, decodeURIComponent(name), act, text)
    json(problem === undefined ? 200 : 409, problem === undefined ? {} : { message: problem })
  } else json(404, { message: `No such page: ${path}` })
  return true
}

const cardOf = (instance: SimulatedInstance): Card => {
  const { name, ownerJid, profileName, qr, qrCount, state } = instance
  const open = state === "open"
  return {
    name,
    state: state ?? "unknown",
    profileName: open ? profileName : null,
    phone: open ? (ownerJid?.split("@")[0] ?? null) : null,
    qr: hasCode(instance) && qr !== undefined ? { number: qrCount, picture: qr.base64 } : null
  }
}

const hasCode = ({ ownerJid, qr, state }: SimulatedInstance): boolean =>
  state === "connecting" && ownerJid === null && qr !== undefined

/** Runs the action of a button; gives the reason if it cannot. */
const press = async (
  simulator: Simulator,
  name: string,
  act: string,
  text: string
): Promise<string | undefined> => {
  const instance = simulator.instances().find((one) => one.name === name)
  if (instance === undefined) return `There is no instance "${name}" any more`
  const { state } = instance
  switch (act) {
    case "scan":
      if (!hasCode(instance)) return "There is no code to scan"
      simulator.scan(name)
      return
    case "code":
      if (!hasCode(instance)) return "No code is shown"
      await simulator.showQr(name)
      return
    case "logout":
      if (state !== "open") return "The phone is not linked"
      simulator.logout(name)
      return
    case "message":
      if (state !== "open") return "The phone is not linked"
      simulator.emit(
        name,
        "messages.upsert",
        textMessage(text, { name: "Ana", phone: "5511988887777" })
      )
      return
    default:
      return `There is no button "${act}"`
  }
}
