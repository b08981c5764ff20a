/** Kinds of messages, and the facts of each. */
import type { DateTime } from "effect"
import type { Media } from "./Media.ts"

/** A message about another one. */
interface About<Kind extends string> {
  readonly kind: Kind
  /** The other message's `key.id`; `null`: not told. */
  readonly target: string | null
}

export interface Position {
  /** Degrees. */
  readonly latitude: number | null
  readonly longitude: number | null
  readonly name: string | null
  readonly address: string | null
}

export interface Contact {
  readonly name: string | null
  /** As it was sent. */
  readonly vcard: string | null
  /** The WhatsApp numbers in the vCard (`waid`), without `+`. */
  readonly phones: ReadonlyArray<string>
}

export interface Order {
  readonly id: string | null
  readonly title: string | null
  readonly itemCount: number | null
  /** In the currency's unit. */
  readonly total: number | null
  /** ISO 4217. */
  readonly currency: string | null
  /** With `id` it fetches the items from WhatsApp. */
  readonly token: string | null
}

export interface Product {
  readonly id: string | null
  readonly title: string | null
  readonly description: string | null
  /** In the currency's unit. */
  readonly price: number | null
  readonly currency: string | null
  readonly retailerId: string | null
  readonly url: string | null
  readonly businessJid: string | null
}

export interface Meeting {
  readonly name: string | null
  readonly description: string | null
  readonly startsAt: DateTime.Utc | null
  readonly endsAt: DateTime.Utc | null
  readonly location: Position | null
  readonly joinLink: string | null
  readonly isCanceled: boolean
}

/** The facts of each kind. `text` is a fact of all: see `View`. */
export type Body =
  | { readonly kind: "text" }
  | { readonly kind: "image" | "document"; readonly media: Media }
  /** `isGif`: plays silently, again and again. `isNote`: the round one. */
  | {
      readonly kind: "video"
      readonly media: Media
      readonly isGif: boolean
      readonly isNote: boolean
    }
  /** `transcript`: its words, where Evolution asks OpenAI for them. */
  | {
      readonly kind: "audio"
      readonly media: Media
      readonly isVoiceNote: boolean
      readonly transcript: string | null
    }
  | { readonly kind: "sticker"; readonly media: Media; readonly isAnimated: boolean }
  /** The header of photos and videos that follow as messages of their own. */
  | { readonly kind: "album" }
  | { readonly kind: "location" | "liveLocation"; readonly location: Position }
  | { readonly kind: "contact"; readonly contacts: ReadonlyArray<Contact> }
  | {
      readonly kind: "poll"
      readonly options: ReadonlyArray<string>
      /** 0: any number. */
      readonly choices: number | null
    }
  /**
   * `options`: the names of the chosen ones. `null`: Evolution does not know the poll, or is older than 2.3.7. It
   * gives an empty list for a vote that was taken back, and for one that it could not decrypt.
   */
  | (About<"pollVote"> & { readonly options: ReadonlyArray<string> | null })
  /** `text` is the emoji; it is empty when the reaction is taken back. */
  | About<"reaction">
  /** `text` is the new one; `null`: it is encrypted (`secretEncryptedMessage`). */
  | About<"edit">
  | About<"revoke">
  | (About<"pin"> & { readonly isPinned: boolean })
  | { readonly kind: "order"; readonly order: Order }
  | { readonly kind: "product"; readonly product: Product }
  /** A choice among a business' buttons or rows. `choice`: its id. `text` is its title. */
  | { readonly kind: "buttonReply" | "listReply"; readonly choice: string | null }
  /** The answer to a flow or to a native button. `params` is JSON text, as the flow made it. */
  | { readonly kind: "flowReply"; readonly flow: string | null; readonly params: string | null }
  /** A business' message: template, buttons, list, carousel. `options`: titles of its buttons or rows. */
  | {
      readonly kind: "template"
      readonly title: string | null
      readonly footer: string | null
      readonly options: ReadonlyArray<string>
    }
  | { readonly kind: "event"; readonly event: Meeting }
  | {
      readonly kind: "groupInvite"
      readonly groupJid: string | null
      readonly groupName: string | null
      readonly code: string | null
      readonly expiresAt: DateTime.Utc | null
    }
  | { readonly kind: "call"; readonly isVideo: boolean; readonly seconds: number | null }
  /** A message that a business lets nobody read but on the phone (`MASK_LINKED_DEVICES`). */
  | { readonly kind: "placeholder" }
  /** A note of WhatsApp's: not said by a person. `type`: WAProto `ProtocolMessage.Type`, by number or by name. */
  | { readonly kind: "protocol"; readonly type: string | null }
  /** A kind that this version does not know. `type`: the content's field, or Evolution's `messageType`. */
  | { readonly kind: "unknown"; readonly type: string | null }

export type Kind = Body["kind"]
