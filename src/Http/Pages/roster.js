/** The current statuses: fetched when the feed announces a change, and at an interval. */
import { ApiError, ask, instancePath, isInPath, messageOf } from "./api.js"
import { follow } from "./feed.js"
import { every, settled } from "./time.js"

/** @typedef {import("./types.js").InstanceStatus} InstanceStatus */
/** @typedef {{ readonly status: InstanceStatus, readonly at: number }} Seen */

/** Events that change a status; without this filter messages alone can be thousands in a second. */
const lifeEvents = [
  "instance.create",
  "instance.delete",
  "instance.updated",
  "remove.instance",
  "logout.instance",
  "status.instance",
  "connection.update",
  "qrcode.updated",
  "gap.updated",
  "listener.updated"
].join(",")

/** Interval in ms for changes that no event announces, e.g. a database outage. */
const pollMillis = 15_000

/**
 * @param {object} options
 * @param {string} [options.only] one instance's name
 * @param {(seen: ReadonlyMap<string, Seen>) => void} options.onChange
 * @param {(message: string | null) => void} options.onTrouble `null` if all is well
 * @param {(state: import("./types.js").FeedState) => void} options.onFeed
 * @param {AbortSignal} options.signal
 */
export const watchRoster = ({ onChange, onFeed, onTrouble, only, signal }) => {
  /** @type {Map<string, Seen>} */
  let seen = new Map()
  /** @type {Set<string>} */
  let dirty = new Set()
  let isAllDirty = true
  let isBusy = false

  /** @param {InstanceStatus} status */
  const put = (status) => {
    seen.set(status.name, { status, at: Date.now() })
    onChange(seen)
  }

  const loadAll = async () => {
    const statuses = await /** @type {Promise<InstanceStatus[]>} */ (
      ask("GET", "/instances", { signal })
    )
    const at = Date.now()
    seen = new Map(statuses.map((status) => [status.name, { status, at }]))
  }

  /** @param {string} name */
  const loadOne = async (name) => {
    if (!isInPath(name)) return loadAll()
    try {
      put(await ask("GET", `${instancePath(name)}/status`, { signal }))
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error
      seen.delete(name)
    }
  }

  /** Fetches one at a time, so that no late answer replaces a newer one. */
  const refresh = async () => {
    if (isBusy) return
    isBusy = true
    try {
      while ((isAllDirty || dirty.size > 0) && !signal.aborted) {
        const names = only === undefined ? dirty : new Set([only])
        const isAll = only === undefined && (isAllDirty || dirty.size > 5)
        isAllDirty = false
        dirty = new Set()
        if (isAll) await loadAll()
        else for (const name of names) await loadOne(name)
      }
      if (signal.aborted) return
      onTrouble(null)
      onChange(seen)
    } catch (error) {
      isAllDirty = true
      if (!signal.aborted) onTrouble(messageOf(error))
    } finally {
      isBusy = false
    }
  }
  const soon = settled(100, refresh, signal)

  /** @param {string} [name] */
  const look = (name) => {
    if (name === undefined) isAllDirty = true
    else dirty.add(name)
    soon()
  }

  const base = only === undefined ? "/events/stream" : `${instancePath(only)}/events/stream`
  follow({
    path: `${base}?event=${lifeEvents}`,
    onFrame: ({ data, event }) => {
      if (event === "hello") look()
      else if (event === "message") look(JSON.parse(data).instance)
      else if (event === "status") look(JSON.parse(data).name)
    },
    onState: onFeed,
    rests: true,
    signal
  })
  every(pollMillis, () => document.visibilityState === "visible" && look(), signal)
  document.addEventListener(
    "visibilitychange",
    () => document.visibilityState === "visible" && look(),
    { signal }
  )
  void refresh()
  return { look, put }
}
