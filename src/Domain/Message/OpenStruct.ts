/** Structs that keep the fields they do not know: Evolution and WhatsApp add fields with each version. */
import { Schema, type Types } from "effect"

/** A struct whose decoded value has all fields of the input. Its type has those that are named. */
export const openStruct = <Fields extends Schema.Struct.Fields>(fields: Fields) =>
  Schema.make<
    Types.Simplify<Schema.Struct.Type<Fields>>,
    Types.Simplify<Schema.Struct.Encoded<Fields>>,
    Schema.Struct.Context<Fields>
  >(Schema.Struct(fields, { key: Schema.String, value: Schema.Unknown }).ast)
