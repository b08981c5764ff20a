/** The events about Typebot, a chatbot that Evolution can start. */
import { Schema } from "effect"
import { openStruct } from "../Message/OpenStruct.ts"
import { entry, field, maybe, oneOf } from "./Entry.ts"

const typebot = (file: string) => `src/api/integrations/chatbot/typebot/${file}`

const Session = openStruct({
  id: maybe(Schema.String, "The session's row at Evolution, a cuid"),
  sessionId: maybe(Schema.String, "The session at Typebot"),
  remoteJid: maybe(Schema.String, "The chat's address"),
  pushName: maybe(Schema.String, "The name of the person"),
  status: maybe(oneOf("opened", "closed", "paused"), "The session's status before this event"),
  parameters: Schema.optional(Schema.Unknown).annotations({
    description: "Variables of the session; `apiKey` in them is `[redacted]`, as it is Evolution's"
  })
}).annotations({ identifier: "TypebotSession" })

export const entries = {
  "typebot.start": entry({
    schema: openStruct({
      remoteJid: field(Schema.String, "The chat's address"),
      url: maybe(Schema.String, "Typebot's address"),
      typebot: maybe(Schema.String, "The public id of the bot"),
      variables: Schema.optional(Schema.Unknown).annotations({
        description: "Variables of the session: a list of `{name, value}`"
      }),
      sessionId: maybe(Schema.String, "A number by which Evolution knows the session")
    }),
    title: "Start of a bot",
    description: "A bot was started in a chat by a call of Evolution's REST.",
    source: typebot("controllers/typebot.controller.ts, `startBot`")
  }),
  "typebot.change-status": entry({
    schema: openStruct({
      remoteJid: field(Schema.String, "The chat's address"),
      status: field(oneOf("opened", "closed", "paused", "delete"), "The session's new status"),
      session: maybe(Session, "The session; `null` if there is none")
    }),
    title: "Status of a bot",
    description: "The session of a bot with a chat was opened, paused, closed or deleted.",
    source: typebot("services/typebot.service.ts, `createNewSession`")
  })
}
