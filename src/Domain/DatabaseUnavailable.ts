import { Schema } from "effect"

/** The database cannot be opened, or does not answer. `message` is one line without credentials. */
export class DatabaseUnavailable extends Schema.TaggedError<DatabaseUnavailable>()(
  "DatabaseUnavailable",
  { message: Schema.String }
) {}
