/** The next step for a person, and the condition in words. */
import type { UserAction } from "../Status.ts"
import type { Condition, Found, LinkError } from "./Found.ts"

export const actions: Readonly<Partial<Record<Condition, UserAction>>> = {
  key_refused: "check_api_key",
  license_required: "activate_license",
  websocket_disabled: "enable_websocket",
  not_reached: "wait",
  no_link: "wait",
  starting: "wait",
  not_broadcast: "enable_global_events"
}

export const broadcastRemedy =
  "set WEBSOCKET_GLOBAL_EVENTS=true at Evolution and restart it, or EVOLUTION_MODE=auto here"

export const sentenceOf = (
  condition: Condition,
  { list, settings, url }: Found,
  error: LinkError
): string => {
  switch (condition) {
    case "key_refused":
      return `Evolution refuses our key: ${settings.key} has to be Evolution's AUTHENTICATION_API_KEY`
    case "license_required":
      return "Evolution has no licence and refuses everything: activate it at its /manager/login, or use 2.3.7, which needs none"
    case "websocket_disabled":
      return "Evolution's websockets are off: set WEBSOCKET_ENABLED=true at Evolution and restart it"
    case "not_reached":
      return `Evolution does not answer at ${url}: ${list.error?.message}; check ${settings.url}, and that Evolution runs`
    case "no_link":
      return `Evolution's REST side answers and its socket does not: ${error?.message}`
    case "starting":
      return "Evolution is being asked; look again in a moment"
    case "not_broadcast":
      return `The link to Evolution is up and brings no events: ${broadcastRemedy}`
    case "by_namespace":
      return "Evolution sends no global events, so each instance is listened to by its namespace; there is nothing to do. Evolution makes a namespace with the instance's first event. One link would do for all with WEBSOCKET_GLOBAL_EVENTS=true at Evolution"
    case "unproven":
      return "No event has come yet: the first one proves that they reach us (a message to one of the numbers, or a new instance)"
    case "well":
      return "Events reach us; there is nothing to do"
  }
}
