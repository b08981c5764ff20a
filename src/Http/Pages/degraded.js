/** A banner that tells that the service cannot store events, so that the page may show old states. */
import { localTime } from "./api.js"
import { byId, setAttribute, setText, show } from "./dom.js"
import { tick } from "./time.js"
import { sayOf } from "./words.js"

/** @param {import("./types.js").InstanceStatus["degraded"]} degraded */
export const showDegraded = (degraded) => {
  const banner = byId("degraded", HTMLElement)
  show(banner, degraded !== null)
  setText(
    byId("degraded-text", HTMLElement),
    degraded === null ? "" : sayOf("degraded", degraded.reason, {}, degraded.message)
  )
  const since = degraded === null ? null : String(localTime(degraded.since))
  setAttribute(byId("degraded-age", HTMLElement), "data-since", since)
  tick(banner)
}
