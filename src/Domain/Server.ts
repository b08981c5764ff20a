/** An Evolution server. The service listens to one or to several; each has instances of its own. */
import { Context, Schema } from "effect"

/** The id of a server in the settings. It is a part of the identity of each instance there. */
export const ServerId = Schema.String.pipe(
  Schema.pattern(/^[a-z0-9-]{1,32}$/, {
    message: () => 'The id of a server has 1 to 32 characters: "a" to "z", "0" to "9" and "-"'
  }),
  Schema.brand("ServerId"),
  Schema.annotations({
    identifier: "ServerId",
    description: "The id of an Evolution server in the settings; `default` where none has one"
  })
)
export type ServerId = typeof ServerId.Type

/** The id of the server that has none in the settings. */
export const defaultServer = ServerId.make("default")

/** The server that a part of the service works for. */
export class Server extends Context.Reference<Server>()("evolution-listener/Server", {
  defaultValue: () => defaultServer
}) {}
