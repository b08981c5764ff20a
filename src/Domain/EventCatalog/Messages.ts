/** The events about messages. `Domain/Message` reads a message as a person sees it. */
import { Deletion, Edit, HistorySet, Message, Messages, Update } from "../Message.ts"
import { baileys, described, entry } from "./Entry.ts"

const key = {
  id: "The message's id; with the chat and `fromMe` it identifies the message",
  remoteJid: "The chat's address",
  fromMe: "We sent it",
  participant: "The sender's address in a group",
  remoteJidAlt: "The other address of the same person: the phone's or the hidden one",
  participantAlt: "The other address of the sender in a group",
  addressingMode: "`pn` (phones' addresses) or `lid` (hidden ones)",
  senderPn: "Up to 2.3.5: the sender's phone",
  senderLid: "Up to 2.3.5: the sender's hidden address",
  participantPn: "Up to 2.3.5: the phone of the sender in a group",
  participantLid: "Up to 2.3.5: the hidden address of the sender in a group",
  previousRemoteJid: "From 2.3.1 to 2.3.4: the hidden address that Evolution replaced"
}

const under = (name: string, descriptions: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(descriptions).map(([path, text]) => [`${name}.${path}`, text]))

const message = {
  key: "The message's key",
  ...under("key", key),
  pushName: "The name that the sender gave himself",
  status: "`ERROR`, `PENDING`, `SERVER_ACK`, `DELIVERY_ACK`, `READ`, `PLAYED`, …",
  message: "The content, in a field named after its kind",
  contextInfo: "The message that it answers, and who is mentioned",
  messageType: "The name of the content's field; `conversation` for every plain text",
  messageTimestamp: "WhatsApp's time, in seconds since 1970 UTC",
  instanceId: "The instance's id at Evolution, a UUID",
  source: "`android`, `ios`, `web`, `desktop` or `unknown`"
}

const edit = {
  key: "The key of the message that is edited or revoked",
  ...under("key", {
    id: "The message's id",
    remoteJid: "The chat's address",
    fromMe: "We sent it",
    participant: "The sender's address in a group"
  }),
  type: "`MESSAGE_EDIT` or 14, `REVOKE` or 0, or another kind of WhatsApp's protocol",
  timestampMs: "Time of the edit, in ms since 1970 UTC",
  editedMessage: "The new content"
}

export const entries = {
  "messages.upsert": entry({
    schema: described(Message, message),
    title: "A message",
    description:
      "A message came, or was sent from the phone. One event has one message. From 2.3.7 on votes in polls " +
      "come so, too. A back-fill has the messages of a gap in the form of Evolution's database.",
    source: baileys("messages.upsert")
  }),
  "messages.set": entry({
    schema: described(Messages, message),
    title: "Messages of the history",
    description:
      "Messages of the phone's history, after an instance was linked. The list may be empty. From 2.3.7 on " +
      "the event has `isLatest` and `progress` beside its data.",
    source: baileys("messaging-history.set")
  }),
  "messages.update": entry({
    schema: described(Update, {
      keyId: "The message's `key.id`",
      remoteJid: "The chat's address",
      fromMe: "We sent it",
      participant: "The sender's address in a group",
      status: "The new status",
      messageId: "The message's row at Evolution, a cuid",
      instanceId: "The instance's id at Evolution, a UUID",
      message: "From 2.3.7: the new content, where WhatsApp gives one"
    }),
    title: "The status of a message",
    description: "A message was delivered, read or played.",
    source: baileys("messages.update")
  }),
  "messages.delete": entry({
    schema: described(Deletion, { ...message, ...key }),
    title: "A deleted message",
    description:
      "A person deleted a message for everyone: the data is its key. After a call of Evolution's REST the " +
      "data is the whole message.",
    source: baileys("messages.update")
  }),
  "messages.edited": entry({
    schema: described(Edit, edit),
    title: "An edited message",
    description:
      "A person edited or deleted a message. Some other notes of WhatsApp's protocol come so, too.",
    source: baileys("messages.upsert")
  }),
  "send.message": entry({
    schema: described(Message, message),
    title: "A message that Evolution sent",
    description: "A message was sent by a call of Evolution's REST.",
    source: baileys("sendMessageWithTyping")
  }),
  "send.message.update": entry({
    schema: described(Edit, edit),
    title: "A message that Evolution edited",
    description: "A message was edited by a call of Evolution's REST.",
    since: "2.3.0",
    source: baileys("updateMessage")
  }),
  "messaging-history.set": entry({
    schema: described(HistorySet, {
      messageCount: "How many messages came",
      chatCount: "How many chats came",
      contactCount: "How many contacts came",
      progress: "100"
    }),
    title: "The end of the history",
    description: "The whole history of the phone came.",
    since: "2.4.0",
    source: baileys("messaging-history.set")
  })
}
