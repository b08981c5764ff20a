/** Structs that keep the fields they do not know: Evolution and WhatsApp add fields with each version. */
import { Schema } from "effect"

/** A struct whose decoded value has all fields of the input. */
export const openStruct = <Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.Struct(fields, { key: Schema.String, value: Schema.Unknown })
