/** `POST /chat/…`: the table of messages, and acts that make no message. */
import { isOnWhatsApp, jidOf } from "../Jid.ts"
import { type FindBody, find } from "../Messages.ts"
import type { Routes } from "./Call.ts"
import { badRequest, created, ok, serverError } from "./Reply.ts"
import { problemsOf } from "./Schema.ts"
import { refusalOf } from "./Sending.ts"

const key = { id: "string", fromMe: "boolean", remoteJid: "string" } as const

export const chat: Routes = {
  "POST /chat/findMessages": async ({ body, instance, state, timers }) => {
    await timers.sleep(state.settings.findMillis)
    // Evolution checks no types here either.
    return ok(find(state, instance.name, body as FindBody))
  },
  "POST /chat/markMessageAsRead": ({ body: { readMessages }, instance }) => {
    if (readMessages === undefined) return badRequest(['instance requires property "readMessages"'])
    if (!Array.isArray(readMessages)) return badRequest(["readMessages is not of a type(s) array"])
    const problems = readMessages.flatMap((one, index) =>
      problemsOf(key, Object(one), `readMessages[${index}].`)
    )
    if (problems.length > 0) return badRequest(problems)
    if (instance.state !== "open") return serverError("Read messages fail")
    return created({ message: "Read messages", read: "success" })
  },
  "POST /chat/sendPresence": async (call) => {
    const { body, timers } = call
    const problems = problemsOf({ number: "number", presence: presences, delay: "decimal" }, body)
    if (problems.length > 0) return badRequest(problems)
    const refusal = refusalOf(call, String(body.number))
    if (refusal !== undefined) return refusal
    await timers.sleep(Number(body.delay))
    return created({ presence: body.presence })
  },
  "POST /chat/whatsappNumbers": ({ body: { numbers }, instance, state }) => {
    if (!Array.isArray(numbers)) return badRequest(["numbers is not of a type(s) array"])
    if (instance.state !== "open") return serverError("Connection Closed")
    return ok(
      numbers.map(String).map((number) => {
        const jid = jidOf(number)
        return { jid, exists: isOnWhatsApp(state.settings.notOnWhatsApp, jid), number }
      })
    )
  }
}

const presences = ["unavailable", "available", "composing", "recording", "paused"]
