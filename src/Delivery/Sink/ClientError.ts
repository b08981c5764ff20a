/** An error of a broker's client. Its words reach nobody: they may hold an address with its password. */
import { Data } from "effect"

export class ClientError extends Data.TaggedError("ClientError")<{ readonly cause: unknown }> {}

export const clientError = (cause: unknown): ClientError => new ClientError({ cause })
