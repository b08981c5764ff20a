/** Readers of what people say and send. */
import type { Body, Contact, Meeting, Position } from "../Body.ts"
import { at, type Fields, fieldsAt, filledAt, flagAt, listAt, numberAt, textAt } from "../Fields.ts"
import { mediaIn } from "../Media.ts"
import { type Around, firstText, type Reader, timeOf } from "./Reader.ts"

const media =
  (
    bodyOf: (
      media: ReturnType<typeof mediaIn>,
      content: Fields,
      around: Around
    ) => Extract<Body, { readonly media: unknown }>
  ): Reader =>
  (content, around) => ({
    body: bodyOf(mediaIn(content, around.message, around.isKeyWanted), content, around),
    text: textAt(content, "caption")
  })

const prefix = "[audio] "

const transcriptIn = (message: Fields): string | null => {
  const said = textAt(message, "speechToText")
  return said?.startsWith(prefix) === true ? said.slice(prefix.length) : said
}

const video = (isNote: boolean) =>
  media((file, content) => ({
    kind: "video",
    media: file,
    isGif: flagAt(content, "gifPlayback"),
    isNote
  }))

const positionIn = (content: Fields): Position => ({
  latitude: numberAt(content, "degreesLatitude"),
  longitude: numberAt(content, "degreesLongitude"),
  name: filledAt(content, "name"),
  address: filledAt(content, "address")
})

const waid = /waid=(\d+)/g

const contactIn = (content: unknown): Contact => {
  const vcard = textAt(content, "vcard")
  return {
    name: filledAt(content, "displayName"),
    vcard,
    phones: [...(vcard ?? "").matchAll(waid)].flatMap(([, phone]) => phone ?? [])
  }
}

const contacts =
  (listed: (content: Fields) => ReadonlyArray<unknown>): Reader =>
  (content) => ({
    body: { kind: "contact", contacts: listed(content).map(contactIn) },
    text: null
  })

const namesIn = (options: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  options.flatMap((option) => textAt(option, "optionName") ?? [])

const poll: Reader = (content) => ({
  body: {
    kind: "poll",
    options: namesIn(listAt(content, "options")),
    choices: numberAt(content, "selectableOptionsCount")
  },
  text: textAt(content, "name")
})

const meetingIn = (content: Fields): Meeting => {
  const location = fieldsAt(content, "location")
  return {
    name: filledAt(content, "name"),
    description: filledAt(content, "description"),
    startsAt: timeOf(numberAt(content, "startTime")),
    endsAt: timeOf(numberAt(content, "endTime")),
    location: location === null ? null : positionIn(location),
    joinLink: filledAt(content, "joinLink"),
    isCanceled: flagAt(content, "isCanceled")
  }
}

const call =
  (isVideo: (content: Fields) => boolean, text: string): Reader =>
  (content) => ({
    body: {
      kind: "call",
      isVideo: isVideo(content),
      seconds: numberAt(content, "durationSecs")
    },
    text: textAt(content, text)
  })

const isOneOf =
  (field: string, ...values: ReadonlyArray<unknown>) =>
  (content: Fields): boolean =>
    values.includes(at(content, field))

/** By the content's field. */
export const readers: { readonly [field: string]: Reader } = {
  imageMessage: media((file) => ({ kind: "image", media: file })),
  videoMessage: video(false),
  ptvMessage: video(true),
  audioMessage: media((file, content, { message }) => ({
    kind: "audio",
    media: file,
    isVoiceNote: flagAt(content, "ptt") || flagAt(content, "voice"),
    transcript: transcriptIn(message)
  })),
  documentMessage: media((file, content) => ({
    kind: "document",
    media: { ...file, fileName: file.fileName ?? filledAt(content, "title") }
  })),
  stickerMessage: media((file, content) => ({
    kind: "sticker",
    media: file,
    isAnimated: flagAt(content, "isAnimated") || flagAt(content, "animated")
  })),
  albumMessage: () => ({ body: { kind: "album" }, text: null }),
  locationMessage: (content) => ({
    body: {
      kind: flagAt(content, "isLive") ? "liveLocation" : "location",
      location: positionIn(content)
    },
    text: textAt(content, "comment")
  }),
  liveLocationMessage: (content) => ({
    body: { kind: "liveLocation", location: positionIn(content) },
    text: textAt(content, "caption")
  }),
  contactMessage: contacts((content) => [content]),
  contactsArrayMessage: contacts((content) => listAt(content, "contacts")),
  pollCreationMessage: poll,
  pollCreationMessageV2: poll,
  pollCreationMessageV3: poll,
  pollCreationMessageV5: poll,
  eventMessage: (content) => ({
    body: { kind: "event", event: meetingIn(content) },
    text: textAt(content, "name")
  }),
  groupInviteMessage: (content) => ({
    body: {
      kind: "groupInvite",
      groupJid: filledAt(content, "groupJid"),
      groupName: filledAt(content, "groupName"),
      code: filledAt(content, "inviteCode"),
      expiresAt: timeOf(numberAt(content, "inviteExpiration"))
    },
    text: textAt(content, "caption")
  }),
  // So spelt in the protocol.
  callLogMesssage: call(isOneOf("isVideo", true), "title"),
  scheduledCallCreationMessage: call(isOneOf("callType", 2, "VIDEO"), "title"),
  bcallMessage: call(isOneOf("mediaType", 2, "VIDEO"), "caption"),
  call: call(() => false, "title"),
  placeholderMessage: () => ({ body: { kind: "placeholder" }, text: null }),
  extendedTextMessage: (content) => ({
    body: { kind: "text" },
    text: firstText(content, ["text"])
  })
}
