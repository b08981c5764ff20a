/** The events about groups, labels, calls and Typebot. */
import { Schema } from "effect"
import { openStruct } from "../Message/OpenStruct.ts"
import { baileys, entry, field, maybe, oneOf } from "./Entry.ts"

const Participant = openStruct({
  id: field(Schema.String, "The participant's address, often the hidden one (`…@lid`)"),
  jid: maybe(Schema.String, "Up to 2.3.0: the phone's address, if `id` is the hidden one"),
  lid: maybe(Schema.String, "The hidden address, if `id` is the phone's"),
  phoneNumber: maybe(Schema.String, "The phone's address, if `id` is the hidden one"),
  admin: maybe(oneOf("admin", "superadmin"), "The role; `null` for a participant without one"),
  name: maybe(Schema.String, "The name in the phone's contacts"),
  imgUrl: maybe(Schema.String, "The picture at WhatsApp, for a limited time")
}).annotations({ identifier: "GroupParticipant" })

const seconds = (of: string) => maybe(Schema.JsonNumber, `${of}, in seconds since 1970 UTC`)

const Group = openStruct({
  id: field(Schema.String, "The group's address, `…@g.us`"),
  subject: maybe(Schema.String, "The group's name"),
  subjectOwner: maybe(Schema.String, "The address of the person who named it"),
  subjectTime: seconds("Time of its naming"),
  desc: maybe(Schema.String, "The description"),
  descId: maybe(Schema.String, "The description's id"),
  descOwner: maybe(Schema.String, "The address of the person who described it"),
  descTime: seconds("Time of the description"),
  owner: maybe(Schema.String, "The address of the person who made the group"),
  ownerPn: maybe(Schema.String, "The phone's address of that person, if `owner` is hidden"),
  creation: seconds("Time of its making"),
  size: maybe(Schema.JsonNumber, "How many participants it has"),
  participants: maybe(Schema.Array(Participant), "The participants"),
  addressingMode: maybe(oneOf("pn", "lid"), "Addresses in the group are phones' or hidden ones"),
  announce: maybe(Schema.Boolean, "Only admins can write"),
  restrict: maybe(Schema.Boolean, "Only admins can change the group"),
  memberAddMode: maybe(Schema.Boolean, "Every participant can add others"),
  joinApprovalMode: maybe(Schema.Boolean, "Admins have to approve who joins"),
  ephemeralDuration: maybe(
    Schema.JsonNumber,
    "Seconds after which messages disappear; 0: they stay"
  ),
  isCommunity: maybe(Schema.Boolean, "The group is a community"),
  isCommunityAnnounce: maybe(Schema.Boolean, "The group has the announcements of a community"),
  linkedParent: maybe(Schema.String, "The community that the group belongs to"),
  inviteCode: maybe(Schema.String, "The end of the link by which people join"),
  author: maybe(Schema.String, "The address of the person who made the change"),
  authorPn: maybe(Schema.String, "The phone's address of that person, if `author` is hidden")
}).annotations({ identifier: "Group" })

/** A text up to Baileys 7.0.0-rc.5, an object since. */
const Changed = Schema.Union(Schema.String, Participant)

const ResolvedParticipant = openStruct({
  jid: field(Changed, "The same as in `participants`"),
  phoneNumber: maybe(
    Schema.String,
    "The phone's address or number; `[object Object]` where Evolution found none"
  ),
  name: maybe(Schema.String, "The name in the phone's contacts"),
  imgUrl: maybe(Schema.String, "The picture at WhatsApp, for a limited time")
}).annotations({ identifier: "ResolvedParticipant" })

const Call = openStruct({
  id: field(Schema.String, "The call's id; its events share it"),
  status: field(
    oneOf("offer", "ringing", "timeout", "reject", "accept", "terminate"),
    "The call's progress"
  ),
  date: field(Schema.String, "WhatsApp's time, ISO 8601"),
  from: maybe(Schema.String, "The caller's address"),
  chatId: maybe(Schema.String, "The chat's address"),
  callerPn: maybe(Schema.String, "The phone's address of the caller, if `from` is hidden"),
  offline: maybe(Schema.Boolean, "The instance was not connected when the call came"),
  isVideo: maybe(Schema.Boolean, "It is a video call"),
  isGroup: maybe(Schema.Boolean, "It is a call in a group"),
  groupJid: maybe(Schema.String, "The group's address"),
  latencyMs: maybe(Schema.JsonNumber, "The latency in ms that WhatsApp measured")
}).annotations({ identifier: "Call" })

const CallPacket = openStruct({
  event: field(oneOf("CB:call", "CB:ack,class:call"), "The kind of packet"),
  packet: field(
    openStruct({
      tag: maybe(Schema.String, "The packet's name"),
      attrs: maybe(
        Schema.Record({ key: Schema.String, value: Schema.Unknown }),
        "The packet's attributes"
      ),
      content: Schema.optional(Schema.Unknown).annotations({
        description: "Packets within it, or bytes as base64 text"
      })
    }),
    "WhatsApp's packet as it came"
  )
}).annotations({ identifier: "CallPacket" })

export const entries = {
  "groups.upsert": entry({
    schema: Schema.Array(Group),
    title: "New groups",
    description: "Groups that the phone has made or joined.",
    source: baileys("groups.upsert")
  }),
  "groups.update": entry({
    schema: Schema.Array(Group),
    title: "Changed groups",
    description:
      "What has changed about groups: the fields that stayed are left out. Evolution's settings call it " +
      "`GROUP_UPDATE`, so it comes in global mode alone.",
    source: baileys("groups.update")
  }),
  "group-participants.update": entry({
    schema: openStruct({
      id: field(Schema.String, "The group's address"),
      action: field(
        oneOf("add", "remove", "promote", "demote", "modify"),
        "The change of the participants"
      ),
      participants: field(
        Schema.Array(Changed),
        "The participants: addresses; from 2.3.6 on, objects"
      ),
      author: maybe(Schema.String, "The address of the person who made the change"),
      authorPn: maybe(Schema.String, "The phone's address of that person, if `author` is hidden"),
      participantsData: maybe(
        Schema.Array(ResolvedParticipant),
        "From 2.3.5: the participants with their phones, as far as Evolution knows them"
      )
    }),
    title: "Participants of a group",
    description: "People joined or left a group, or got or lost the role of an admin.",
    source: baileys("group-participants.update")
  }),
  "labels.edit": entry({
    schema: openStruct({
      id: field(Schema.String, "The label's id on the phone"),
      instance: maybe(Schema.String, "The instance's name"),
      name: maybe(Schema.String, "The label's name"),
      color: maybe(Schema.JsonNumber, "The number of one of WhatsApp's 20 colours"),
      deleted: maybe(Schema.Boolean, "The label was deleted; this event comes twice"),
      predefinedId: maybe(
        Schema.Union(Schema.String, Schema.JsonNumber),
        "The number of the label among WhatsApp's own"
      )
    }),
    title: "Labels",
    description: "A label of WhatsApp Business was made, changed or deleted.",
    source: baileys("labels.edit")
  }),
  "labels.association": entry({
    schema: openStruct({
      instance: maybe(Schema.String, "The instance's name"),
      type: field(oneOf("add", "remove"), "The label was put on the chat, or taken off"),
      chatId: field(Schema.String, "The chat's address"),
      labelId: field(Schema.String, "The label's `id`")
    }),
    title: "Labels of a chat",
    description: "A label was put on a chat or on a message in it, or taken off.",
    source: baileys("labels.association")
  }),
  call: entry({
    schema: Schema.Union(Call, CallPacket),
    title: "Calls",
    description:
      "A call rings, ends or is answered. From 2.2.1 on each packet of WhatsApp about it comes beside the " +
      "first form, as an object with `packet`.",
    source: baileys("createClient")
  })
}
