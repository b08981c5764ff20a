/** The addresses of the servers of a NATS cluster, with the credentials of the first that has some. */
import { Option } from "effect"

export interface Address {
  /** Hosts with ports. */
  readonly servers: ReadonlyArray<string>
  readonly isSecure: boolean
  readonly credentials:
    | { readonly user: string; readonly pass: string }
    | { readonly token: string }
    | Record<never, never>
  /** The servers, for people. */
  readonly place: string
}

const urlOf = (text: string): URL => {
  const url = new URL(/^[a-z]+:\/\//i.test(text) ? text : `nats://${text}`)
  if (!/^(?:nats|tls):$/.test(url.protocol) || url.hostname === "")
    throw new Error("no address of NATS")
  return url
}

const credentialsOf = ({ password, username }: URL): Address["credentials"] => {
  if (username === "") return {}
  return password === ""
    ? { token: decodeURIComponent(username) }
    : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
}

/** `nats://user:password@host:4222`, `nats://token@host`, `tls://…`; several with commas between. */
export const parse = (text: string): Option.Option<Address> =>
  Option.liftThrowable(() => {
    const urls = text
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== "")
      .map(urlOf)
    if (urls.length === 0) throw new Error("no address of NATS")
    const servers = urls.map(({ hostname, port }) => `${hostname}:${port || 4222}`)
    return {
      servers,
      isSecure: urls.some(({ protocol }) => protocol === "tls:"),
      credentials: credentialsOf(
        urls.find(({ username }) => username !== "") ?? urlOf("localhost")
      ),
      place: servers.join(", ")
    }
  })()
