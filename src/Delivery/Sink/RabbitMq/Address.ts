/** The address of a RabbitMQ server (https://www.rabbitmq.com/docs/uri-spec), in parts: no error of the client has it whole. */
import { Option } from "effect"

export interface Address {
  readonly protocol: "amqp" | "amqps"
  readonly hostname: string
  readonly port: number
  readonly username: string
  readonly password: string
  /** Decoded. */
  readonly vhost: string
  /** Host and port, for people. */
  readonly place: string
}

export const parse = (text: string): Option.Option<Address> =>
  Option.liftThrowable(() => {
    const url = new URL(text.trim())
    const [, protocol] = /^(amqps?):$/.exec(url.protocol) ?? []
    if (protocol === undefined || url.hostname === "") throw new Error("no address of RabbitMQ")
    const isSecure = protocol === "amqps"
    const port = url.port === "" ? (isSecure ? 5671 : 5672) : Number(url.port)
    const isAnonymous = url.username === "" && url.password === ""
    return {
      protocol: isSecure ? ("amqps" as const) : ("amqp" as const),
      hostname: decodeURIComponent(url.hostname).replace(/^\[|\]$/g, ""),
      port,
      username: isAnonymous ? "guest" : decodeURIComponent(url.username),
      password: isAnonymous ? "guest" : decodeURIComponent(url.password),
      vhost: decodeURIComponent(url.pathname.slice(1)) || "/",
      place: `${url.hostname}:${port}`
    }
  })()
