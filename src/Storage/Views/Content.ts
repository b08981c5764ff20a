/**
 * The content of a message as SQL, in a row `c` with one column, `content`. Kinds and texts are those of
 * `Domain/Message`, which reads one message at a time; a test compares the two.
 */

const list = (names: ReadonlyArray<string>) => names.map((name) => `'${name}'`).join(", ")

interface Kind {
  readonly kind: string
  /** Fields of the content that make it this kind. */
  readonly fields: ReadonlyArray<string>
  /** Paths below each field to its text. */
  readonly texts?: ReadonlyArray<string>
}

const mediaFields = [
  "imageMessage",
  "videoMessage",
  "ptvMessage",
  "audioMessage",
  "documentMessage",
  "stickerMessage"
]

const templateTexts = [
  "interactiveMessageTemplate,body,text",
  "hydratedTemplate,hydratedContentText",
  "hydratedFourRowTemplate,hydratedContentText"
]

const polls = ["", "V2", "V3", "V5"].map((version) => `pollCreationMessage${version}`)

/** The first one whose field is there counts. */
const kinds: ReadonlyArray<Kind> = [
  { kind: "reaction", fields: ["reactionMessage"], texts: ["text"] },
  { kind: "reaction", fields: ["encReactionMessage"] },
  { kind: "pollVote", fields: ["pollUpdateMessage"] },
  { kind: "pin", fields: ["pinInChatMessage"], texts: ["text"] },
  { kind: "order", fields: ["orderMessage"], texts: ["message"] },
  { kind: "product", fields: ["productMessage"], texts: ["body"] },
  {
    kind: "buttonReply",
    fields: ["buttonsResponseMessage", "templateButtonReplyMessage"],
    texts: ["selectedDisplayText"]
  },
  { kind: "listReply", fields: ["listResponseMessage"], texts: ["title"] },
  { kind: "flowReply", fields: ["interactiveResponseMessage"], texts: ["body,text"] },
  { kind: "template", fields: ["templateMessage"], texts: templateTexts },
  {
    kind: "template",
    fields: ["highlyStructuredMessage"],
    texts: templateTexts.map((path) => `hydratedHsm,${path}`)
  },
  { kind: "template", fields: ["interactiveMessage"], texts: ["body,text"] },
  {
    kind: "template",
    fields: ["buttonsMessage", "buttonMessage"],
    texts: ["contentText", "description", "body"]
  },
  { kind: "template", fields: ["listMessage"], texts: ["description"] },
  { kind: "image", fields: ["imageMessage"], texts: ["caption"] },
  { kind: "video", fields: ["videoMessage", "ptvMessage"], texts: ["caption"] },
  { kind: "audio", fields: ["audioMessage"], texts: ["caption"] },
  { kind: "document", fields: ["documentMessage"], texts: ["caption"] },
  { kind: "sticker", fields: ["stickerMessage"], texts: ["caption"] },
  { kind: "album", fields: ["albumMessage"] },
  { kind: "location", fields: ["locationMessage"], texts: ["comment"] },
  { kind: "liveLocation", fields: ["liveLocationMessage"], texts: ["caption"] },
  { kind: "contact", fields: ["contactMessage", "contactsArrayMessage"] },
  { kind: "poll", fields: polls, texts: ["name"] },
  { kind: "event", fields: ["eventMessage"], texts: ["name"] },
  { kind: "groupInvite", fields: ["groupInviteMessage"], texts: ["caption"] },
  {
    kind: "call",
    fields: ["callLogMesssage", "scheduledCallCreationMessage", "call"], // so spelt in the protocol
    texts: ["title"]
  },
  { kind: "call", fields: ["bcallMessage"], texts: ["caption"] },
  { kind: "placeholder", fields: ["placeholderMessage"] },
  { kind: "text", fields: ["extendedTextMessage"], texts: ["text"] }
]

const known = [
  "protocolMessage",
  "secretEncryptedMessage",
  ...kinds.flatMap(({ fields }) => fields)
]

/**
 * A content in a wrapper: a field that holds a `message` (WAProto `FutureProofMessage`, and `DeviceSentMessage`), as
 * `ephemeralMessage`, `viewOnceMessageV2`, `documentWithCaptionMessage`, and those to come.
 */
const unwrapped = `
  case when c ? 'conversation' or c ?| array[${list(known)}] then c
    else coalesce(jsonb_path_query_first(c, '$.*.message ? (@.type() == "object")'), c) end`

/** Wrappers in wrappers: WhatsApp nests three at most. */
const depth = 4

/** The content without wrappers. `offset 0`: each level is computed once, and not again for each column. */
export const content = (message: string): string => {
  let from = `select ${message} as c offset 0`
  for (let level = 0; level < depth; level++)
    from = `select ${unwrapped} as c from (${from}) as w${level} offset 0`
  return `select c as content from (${from}) as w offset 0`
}

const protocol = (field: string) => `c.content #>> '{protocolMessage,${field}}'`

/** WAProto `ProtocolMessage.Type`, by number or by name. 0 is the default, which protobuf may leave out. */
const protocolKind = `
      case
        when ${protocol("type")} in ('14', 'MESSAGE_EDIT') then 'edit'
        when ${protocol("type")} in ('0', 'REVOKE') then 'revoke'
        when ${protocol("type")} is not null then 'protocol'
        when ${protocol("editedMessage")} is not null then 'edit'
        when ${protocol("key,id")} is not null then 'revoke'
        else 'protocol'
      end`

const whens = (isField: (fields: ReadonlyArray<string>) => string) =>
  kinds.map(({ fields, kind: name }) => `when ${isField(fields)} then '${name}'`).join("\n      ")

/** WAProto `SecretEncType`. */
const isSecretEdit = `c.content #>> '{secretEncryptedMessage,secretEncType}'
        in ('1', 'EVENT_EDIT', '2', 'MESSAGE_EDIT')`

const messageType = "e.data ->> 'messageType'"

/** The Business channel gives a choice's title alone; the Evolution channel has the fields of a type at the top. */
export const kind = `
    case
      when c.content ? 'protocolMessage' then ${protocolKind}
      when ${isSecretEdit} then 'edit'
      ${whens((fields) => `c.content ?| array[${list(fields)}]`)}
      when c.content ? 'conversation' then
        case when ${messageType} in ('interactiveMessage', 'buttonMessage') then 'buttonReply'
          else 'text' end
      ${whens((fields) => `${messageType} in (${list(fields)})`)}
      else 'unknown'
    end`

const first = (operator: "#>" | "#>>", paths: ReadonlyArray<string>) =>
  `coalesce(${paths.map((path) => `c.content ${operator} '{${path}}'`).join(", ")})`

const textPaths = kinds.flatMap(({ fields, texts = [] }) =>
  fields.flatMap((field) => texts.map((path) => `${field},${path}`))
)
/** The new text of an edit, which is a content of its own. */
const editPaths = ["conversation", "extendedTextMessage,text", "imageMessage,caption"]
  .concat(["videoMessage,caption", "documentMessage,caption"])
  .map((path) => `protocolMessage,editedMessage,${path}`)

/** At the top of the Evolution channel's content. */
const flatPaths = ["caption", "contentText", "description", "body"]

export const text = `
    case when c.content ? 'conversation' then c.content ->> 'conversation'
      else ${first("#>>", [...textPaths, ...editPaths, ...flatPaths])} end`

const inMedia = (operator: "#>" | "#>>", ...names: ReadonlyArray<string>) =>
  first(
    operator,
    mediaFields.flatMap((field) => names.map((name) => `${field},${name}`))
  )

export const media = {
  mimetype: inMedia("#>>", "mimetype", "mime_type"),
  name: `coalesce(${inMedia("#>>", "fileName", "filename")}, c.content #>> '{documentMessage,title}')`,
  size: inMedia("#>", "fileLength", "file_size"),
  seconds: inMedia("#>", "seconds")
}

/** In the context of the kind's field, or beside it. */
export const quotedId = `
    coalesce(jsonb_path_query_first(c.content, '$.*.contextInfo.stanzaId') #>> '{}',
      e.data #>> '{contextInfo,stanzaId}', e.data #>> '{message,quoted,id}')`
