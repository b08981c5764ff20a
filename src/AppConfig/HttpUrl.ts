/** Addresses of HTTP servers. */
import { Config, ConfigError, Either } from "effect"

/** An http(s) address with nothing secret in it; a trailing slash does not matter. */
export const httpUrl = (name: string) =>
  Config.mapOrFail(Config.nonEmptyString(name), (text) => {
    const wrong = (why: string) => Either.left(ConfigError.InvalidData([], why))
    if (!URL.canParse(text)) return wrong("Expected an address such as http://localhost:8080")
    const url = new URL(text)
    if (!["http:", "https:"].includes(url.protocol))
      return wrong("Expected an http:// or https:// address")
    if (url.username !== "" || url.password !== "" || url.search !== "")
      return wrong("Expected an address without user, password and query")
    url.pathname = url.pathname.replace(/\/*$/, "/")
    return Either.right(url)
  })
