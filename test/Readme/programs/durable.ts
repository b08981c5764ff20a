import { Console, Effect } from "effect"
import { Handlers } from "../../../src/mod.ts"

declare const crm: { readonly upsert: (phone: string, at: number) => Promise<void> }

export const sync = Handlers.on(
  "messages.upsert",
  ({ message, receivedAt }) =>
    Effect.tryPromise(() => crm.upsert(message.sender?.phone ?? "", receivedAt)),
  {
    durable: "crm-sync",
    onMissed: ({ after, server, until }) => Console.log(`purged: ${server}, ${after} to ${until}`)
  }
)
