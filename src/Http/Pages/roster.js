/** The current statuses: fetched when the feed announces a change, and at an interval. */
import { ApiError, address, ask, isInPath, messageOf } from "./api.js"
import { follow } from "./feed.js"
import { keyOf } from "./servers.js"
import { every, settled } from "./time.js"

/** @typedef {import("./types.js").Instance} Instance */
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
 * @param {Instance} [options.only] one instance; its server may become known later
 * @param {(seen: ReadonlyMap<string, Seen>) => void} options.onChange by the key of the instance
 * @param {(message: string | null) => void} options.onTrouble `null` if all is well
 * @param {(state: import("./types.js").FeedState) => void} options.onFeed
 * @param {AbortSignal} options.signal
 */
export const watchRoster = ({ onChange, onFeed, onTrouble, only, signal }) => {
  /** @type {Map<string, Seen>} */
  let seen = new Map()
  /** @type {Map<string, Instance>} */
  let dirty = new Map()
  let isAllDirty = true
  let isBusy = false

  /** @param {InstanceStatus} status */
  const put = (status) => {
    seen.set(keyOf(status), { status, at: Date.now() })
    onChange(seen)
  }

  const loadAll = async () => {
    const statuses = await /** @type {Promise<InstanceStatus[]>} */ (
      ask("GET", "/instances", { signal })
    )
    const at = Date.now()
    seen = new Map(statuses.map((status) => [keyOf(status), { status, at }]))
  }

  /** @param {Instance} instance */
  const loadOne = async (instance) => {
    if (!isInPath(instance.name)) return loadAll()
    try {
      put(await ask("GET", address(instance, "/status"), { signal }))
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error
      seen.delete(keyOf(instance))
    }
  }

  /** Fetches one at a time, so that no late answer replaces a newer one. */
  const refresh = async () => {
    if (isBusy) return
    isBusy = true
    try {
      while ((isAllDirty || dirty.size > 0) && !signal.aborted) {
        const instances = only === undefined ? [...dirty.values()] : [only]
        const isAll = only === undefined && (isAllDirty || dirty.size > 5)
        isAllDirty = false
        dirty = new Map()
        if (isAll) await loadAll()
        else for (const instance of instances) await loadOne(instance)
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

  /** @param {Instance} [instance] */
  const look = (instance) => {
    if (instance === undefined) isAllDirty = true
    else dirty.set(keyOf(instance), instance)
    soon()
  }

  follow({
    path:
      only === undefined
        ? `/events/stream?event=${lifeEvents}`
        : address(only, "/events/stream", { event: lifeEvents }),
    onFrame: ({ data, event }) => {
      if (event === "hello") look()
      else if (event === "message") {
        const { instance, server } = JSON.parse(data)
        look({ name: instance, server })
      } else if (event === "status") look(JSON.parse(data))
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
