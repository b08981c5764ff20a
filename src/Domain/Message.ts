/** WhatsApp's messages: the data of the events about them. */
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
  Update
} from "./Message/Data.ts"
export { WideNumber } from "./Message/Numbers.ts"
