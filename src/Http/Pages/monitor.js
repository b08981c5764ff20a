/** The page of live events: the service filters them, the page searches and pauses. */
import { ask, localTime, messageOf } from "./api.js"
import { byId, h, pressed, setText, show } from "./dom.js"
import { follow } from "./feed.js"
import { makeHeard, maxJson, pretty } from "./heard.js"
import { makeList } from "./list.js"
import { askServers, labelOf } from "./servers.js"
import { open } from "./shell.js"
import { makeSource } from "./source.js"
import { linkLine, summaryOf } from "./summary.js"
import { clockText, every } from "./time.js"
import { say, sayCount } from "./words.js"

/** @typedef {import("./heard.js").Line} Line */
/** @typedef {import("./types.js").EventRecord} EventRecord */
/** @typedef {import("./types.js").InstanceStatus} InstanceStatus */

/** New events are drawn together after this time in ms, so that a storm is not drawn one by one. */
const drawMillis = 200
/** Events of the log that the page shows when it opens. */
const history = 200
const namesOffered = [
  "messages.upsert",
  "messages.update",
  "send.message",
  "connection.update",
  "qrcode.updated",
  "gap.updated",
  "listener.updated",
  "presence.update",
  "contacts.update",
  "chats.update",
  "call"
]

/** @param {string} json @param {Omit<Line, "json" | "size">} facts @returns {Line} */
const lineOf = (json, facts) => ({ ...facts, json: json.slice(0, maxJson), size: json.length })

/** @param {EventRecord} record @param {string} json */
const eventLine = (record, json) =>
  lineOf(json, {
    key: `event-${record.id}`,
    at: localTime(record.receivedAt),
    instance: record.instance,
    server: record.server ?? "",
    event: record.event,
    origin: record.origin,
    summary: summaryOf(record.event, record.data)
  })

let turns = 0

/** A state change, which the stream sends and the log does not have. @param {string} json */
const statusLine = (json) => {
  const { name, server, state } = JSON.parse(json)
  return lineOf(json, {
    key: `status-${++turns}`,
    at: Date.now(),
    instance: name,
    server,
    event: "status",
    origin: "listener",
    summary: linkLine(state)
  })
}

open(({ notices, onFeed, signal }) => {
  const source = makeSource(() => listen(), signal)
  const events = byId("events", HTMLInputElement)
  const text = byId("text", HTMLInputElement)
  const pause = byId("pause", HTMLButtonElement)
  const json = byId("json", HTMLElement)
  // A scrolling element must be reachable by keyboard.
  json.tabIndex = 0
  const heard = makeHeard()
  /** Come since the page was last drawn. @type {Line[]} */
  let fresh = []
  let isDue = true
  let feed = new AbortController()

  const list = makeList(byId("lines", HTMLElement), (line) => {
    const { at, event, json: kept, size } = line
    const of = labelOf({ name: line.instance, server: line.server })
    setText(byId("chosen", HTMLElement), [event, of, clockText(at)].join(" · "))
    const note = size > kept.length ? `${say("cut", { shown: kept.length, all: size })}\n\n` : ""
    setText(json, note + pretty(line))
    show(json, true)
    json.scrollTop = 0
  })

  const draw = () => {
    if (fresh.length > 0) heard.add(fresh)
    else if (!isDue) return
    for (const line of fresh) source.offer({ name: line.instance, server: line.server })
    fresh = []
    isDue = false
    const lines = heard.matching(text.value)
    const { dropped, waiting } = heard.counts()
    list.draw(lines)
    const isNothing = lines.length === 0
    const word = text.value.trim() === "" ? "nothingHeard" : "nothingMatches"
    setText(byId("empty", HTMLElement), isNothing ? say(word) : "")
    setText(byId("count", HTMLElement), sayCount("shown", lines.length))
    setText(byId("waiting", HTMLElement), heard.isPaused() ? sayCount("waiting", waiting) : "")
    setText(byId("dropped", HTMLElement), dropped > 0 ? sayCount("dropped", dropped) : "")
  }
  const soon = () => {
    isDue = true
  }

  const empty = () => {
    fresh = []
    heard.clear()
    soon()
    draw()
  }

  /** The filter that the service applies. */
  const query = () => {
    const wanted = new URLSearchParams(source.chosen())
    const names = events.value.split(/[\s,]+/).filter(Boolean)
    if (names.length > 0) wanted.set("event", names.join(","))
    return wanted
  }

  /** @param {number} cursor @param {URLSearchParams} wanted @param {AbortSignal} owner */
  const lookBack = async (cursor, wanted, owner) => {
    // Events that pass a filter may be further back in the log.
    const span = wanted.size > 0 ? 5 * history : history
    const past = new URLSearchParams(wanted)
    past.set("after", String(Math.max(0, cursor - span)))
    past.set("limit", String(span))
    try {
      const page = await /** @type {Promise<{ events: EventRecord[] }>} */ (
        ask("GET", `/events?${past}`, { signal: owner })
      )
      const old = page.events.filter(({ id }) => id <= cursor).slice(-history)
      heard.addOlder(old.map((record) => eventLine(record, JSON.stringify(record))))
      soon()
    } catch (error) {
      if (!owner.aborted) notices.fail(say("failed_load", { message: messageOf(error) }))
    }
  }

  const listen = () => {
    feed.abort()
    feed = new AbortController()
    const owner = AbortSignal.any([signal, feed.signal])
    const wanted = query()
    window.history.replaceState(null, "", wanted.size > 0 ? `?${wanted}` : location.pathname)
    empty()
    let isFirst = true
    follow({
      path: `/events/stream?${wanted}`,
      onFrame: ({ data, event }) => {
        if (event === "message") fresh.push(eventLine(JSON.parse(data), data))
        else if (event === "status" && !wanted.has("event")) fresh.push(statusLine(data))
        else if (event === "hello") {
          const { cursor, recovered } = JSON.parse(data)
          if (isFirst) void lookBack(cursor, wanted, owner)
          else if (recovered === false) notices.fail(say("mayMiss"))
          isFirst = false
        }
      },
      onState: onFeed,
      signal: owner
    })
  }

  const offerInstances = async () => {
    try {
      const all = await /** @type {Promise<InstanceStatus[]>} */ (
        ask("GET", "/instances", { signal })
      )
      for (const one of all) source.offer(one)
    } catch (error) {
      if (!signal.aborted) notices.fail(say("failed_load", { message: messageOf(error) }))
    }
  }

  const start = async () => {
    const given = new URLSearchParams(location.search)
    events.value = given.get("event")?.replaceAll(",", ", ") ?? ""
    byId("event-names", HTMLElement).append(...namesOffered.map((value) => h("option", { value })))
    await askServers(signal)
    if (signal.aborted) return
    source.start(given)
    listen()
    void offerInstances()
    every(drawMillis, draw, signal)
  }

  pressed(pause, () => {
    // The log comes before the events of the stream.
    draw()
    if (heard.isPaused()) heard.resume()
    else heard.pause()
    setText(pause, say(heard.isPaused() ? "resume" : "pause"))
    soon()
    draw()
  })
  pressed(byId("clear", HTMLButtonElement), empty)
  byId("filters", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault(), {
    signal
  })
  events.addEventListener("change", listen, { signal })
  text.addEventListener("input", soon, { signal })
  void start()
})
