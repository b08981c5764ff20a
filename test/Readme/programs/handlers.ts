import { Console } from "effect"
import { Handlers } from "../../../src/mod.ts"

export const log = Handlers.on(["messages.upsert", "GROUP_PARTICIPANTS_UPDATE"], (event) =>
  event.event === "messages.upsert"
    ? Console.log(event.instance, event.message.sender?.phone, event.message.text)
    : Console.log(event.instance, event.data.action, event.data.participants.length)
)
