/** The data of an event for a receiver, as JSON text. */
import type { LoggedEvent } from "../../Domain/Event.ts"
import { undecoded } from "../Handlers/Handled.ts"

/** With the QR code while the event is in memory: the log has none. All else is JSON text already. */
export const dataOf = (event: LoggedEvent): string =>
  event.event === "qrcode.updated" && event.lifeCycle !== null
    ? JSON.stringify(undecoded(event).data)
    : event.json
