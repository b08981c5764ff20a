/**
 * WhatsApp's messages: the data of the events about them, and views of it that need no knowledge of WhatsApp's
 * protocol.
 */
export type { Address, Chat, ChatKind } from "./Message/Address.ts"
export type { Body, Contact, Kind, Meeting, Order, Position, Product } from "./Message/Body.ts"
export {
  type DeletionView,
  deletionOf,
  type EditView,
  editOf,
  type Progress,
  type StatusView,
  statusOf
} from "./Message/Changes.ts"
export { Content, Context, Reference } from "./Message/Content.ts"
export {
  Deletion,
  Edit,
  HistorySet,
  Key,
  Message,
  Messages,
  Removed,
  Revoked,
  type Seen,
  Update
} from "./Message/Data.ts"
export type { Media } from "./Message/Media.ts"
export { WideNumber } from "./Message/Numbers.ts"
export { type Quoted, type View, type ViewOptions, view } from "./Message/View.ts"
