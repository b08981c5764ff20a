/** The events about contacts, chats and presence. */
import { Schema } from "effect"
import { openStruct } from "../Message/OpenStruct.ts"
import { baileys, entry, field, maybe, oneOf, oneOrMany } from "./Entry.ts"

const instanceId = field(Schema.String, "The instance's id at Evolution, a UUID")

const Contact = openStruct({
  remoteJid: maybe(
    Schema.String,
    "The contact's or the group's address; the Business channel leaves it out"
  ),
  pushName: maybe(
    Schema.String,
    "The name that the contact or the group has; empty after a message of our own"
  ),
  profilePicUrl: maybe(Schema.String, "The picture at WhatsApp, for a limited time"),
  instanceId
}).annotations({ identifier: "ContactRow" })

const Chat = openStruct({
  remoteJid: maybe(Schema.String, "The chat's address"),
  remoteLid: maybe(Schema.String, "From 2.4: the hidden address of the person"),
  instanceId,
  name: maybe(Schema.String, "The name of the chat on the phone"),
  unreadMessages: maybe(Schema.JsonNumber, "How many messages nobody has read")
}).annotations({ identifier: "ChatRow" })

const RenamedChat = openStruct({
  id: field(Schema.String, "The chat's row at Evolution, a cuid, and no address"),
  name: field(Schema.String, "The new name")
}).annotations({ identifier: "RenamedChat" })

const Presence = openStruct({
  lastKnownPresence: field(
    oneOf("unavailable", "available", "composing", "recording", "paused"),
    "The state of the person"
  ),
  lastSeen: maybe(Schema.JsonNumber, "Seconds since 1970 UTC, if the person shows it")
}).annotations({ identifier: "Presence" })

export const entries = {
  "contacts.set": entry({
    schema: Schema.Unknown,
    title: "All contacts",
    description: "In Evolution's list of events. No version 2 emits it, so its shape is not known.",
    since: "none",
    source: "src/api/integrations/event/event.controller.ts, `events`"
  }),
  "contacts.upsert": entry({
    schema: oneOrMany(Contact),
    title: "New contacts",
    description:
      "Contacts that the phone has synchronised, as a list; or the contact of a message, as one object, if " +
      "Evolution did not have it.",
    source: baileys("contacts.upsert")
  }),
  "contacts.update": entry({
    schema: oneOrMany(Contact),
    title: "Changed contacts",
    description:
      "Contacts or groups with a new name or picture, as a list; or the contact of a message, as one object.",
    source: baileys("contacts.update")
  }),
  "chats.set": entry({
    schema: Schema.Array(Chat),
    title: "Chats of the history",
    description:
      "The chats in a part of the phone's history that Evolution did not have. The list may be empty.",
    source: baileys("messaging-history.set")
  }),
  "chats.upsert": entry({
    schema: oneOrMany(Schema.Union(Chat, RenamedChat)),
    title: "New chats",
    description:
      "Chats that Evolution did not have (the list may be empty), a chat that was read, or a renamed one. The " +
      "Evolution channel sends one object.",
    source: baileys("chats.upsert")
  }),
  "chats.update": entry({
    schema: oneOrMany(Chat),
    title: "Changed chats",
    description:
      "Says that something about these chats has changed. It does not say what. The Evolution channel sends " +
      "one object.",
    source: baileys("chats.update")
  }),
  "chats.delete": entry({
    schema: Schema.Array(Schema.String),
    title: "Deleted chats",
    description: "The addresses of chats that were deleted on the phone.",
    source: baileys("chats.delete")
  }),
  "presence.update": entry({
    schema: openStruct({
      id: field(Schema.String, "The chat's address"),
      presences: field(
        Schema.Record({ key: Schema.String, value: Presence }),
        "The state of each person, by address"
      )
    }),
    title: "Presence",
    description:
      "A person is online, types or records. WhatsApp sends it for chats whose presence was asked for.",
    source: baileys("eventHandler")
  })
}
