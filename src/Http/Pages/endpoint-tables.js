/** The tables of an endpoint's page: lanes, attempts, events that were put aside, and replays. */
import { localTime } from "./api.js"
import { button, h, setAttribute, setText, show } from "./dom.js"
import { makePart } from "./part.js"
import { labelOf } from "./servers.js"
import { clock, failureOf, numberText, reasonOf } from "./standing.js"
import { makeTable, text } from "./table.js"
import { say, sayOf } from "./words.js"

/** @typedef {import("./types.js").Attempt} Attempt */
/** @typedef {import("./types.js").Lane} Lane */
/** @typedef {import("./types.js").Replay} Replay */
/** @typedef {import("./types.js").Undelivered} Undelivered */
/** @typedef {import("./status.js").Part} Part */

/**
 * The commands of the tables. `null`: the key may not give them.
 * @typedef {object} Commands
 * @property {(eventId: number) => void} showEvent
 * @property {((eventId: number) => unknown) | null} retry
 * @property {((eventId: number) => unknown) | null} forget
 * @property {((replay: string) => unknown) | null} cancel
 */

/**
 * A cell of one part of a status.
 * @template Item
 * @param {(item: Item) => Part} partOf
 * @returns {() => import("./table.js").Cell<Item>}
 */
const part = (partOf) => () => {
  const made = makePart()
  return { element: made.element, update: (item) => made.update(partOf(item)) }
}

/**
 * A cell with a button that shows an event of the log.
 * @template Item
 * @param {(item: Item) => number | null} idOf
 * @param {(item: Item) => string} nameOf
 * @param {(eventId: number) => void} press
 * @returns {() => import("./table.js").Cell<Item>}
 */
const event = (idOf, nameOf, press) => () => {
  /** @type {number | null} */
  let id = null
  const open = button("showEvent", () => id !== null && press(id), { class: "link" })
  const name = h("span", { class: "who" })
  return {
    element: h("div", {}, open, name),
    update: (item) => {
      id = idOf(item)
      show(open, id !== null)
      setText(open, `#${id}`)
      setAttribute(open, "aria-label", say("showEvent", { id: id ?? "" }))
      setText(name, nameOf(item))
    }
  }
}

/** @param {{ instance: string | null, server: string }} item */
const whose = ({ instance, server }) =>
  labelOf({ name: instance === null ? say("allOfServer") : instance, server })

/** @param {Lane} lane @returns {Part} */
const ofLane = ({ attempts, failingSince, nextAttemptAt, reason }) => ({
  text: sayOf("lane", attempts > 0 ? "failing" : "waiting"),
  tone: attempts > 0 ? "bad" : "busy",
  since: failingSince === null ? null : localTime(failingSince),
  detail: attempts > 0 ? reasonOf(reason) : "",
  ...(nextAttemptAt !== null && { until: localTime(nextAttemptAt) })
})

/** @param {Commands} commands */
export const makeLanes = ({ showEvent }) =>
  makeTable({
    label: "lanes",
    keyOf: (/** @type {Lane} */ { instance, server }) => `${server}/${instance ?? ""}`,
    columns: [
      { head: "instance", cell: text(whose) },
      { head: "state", cell: part(ofLane) },
      {
        head: "headEvent",
        cell: event(
          ({ head }) => head,
          () => "",
          showEvent
        )
      },
      { head: "attempts", cell: text(({ attempts }) => numberText(attempts)) }
    ]
  })

/** @param {Attempt} attempt @returns {Part} */
const ofAttempt = ({ address, excerpt, message, outcome, status }) => ({
  text: sayOf("outcome", outcome),
  tone: outcome === "delivered" ? "good" : "bad",
  since: null,
  detail: [
    outcome === "delivered" ? (status === null ? "" : String(status)) : failureOf(status, message),
    address ?? "",
    excerpt === null ? "" : `“${excerpt}”`
  ]
    .filter(Boolean)
    .join(" · ")
})

/** @param {Commands} commands */
export const makeAttempts = ({ showEvent }) =>
  makeTable({
    label: "lastAttempts",
    keyOf: (/** @type {Attempt} */ { id }) => String(id),
    columns: [
      { head: "time", cell: text(({ at }) => clock(at)) },
      { head: "outcome", cell: part(ofAttempt) },
      {
        head: "event",
        cell: event(
          ({ eventId }) => eventId,
          ({ event: name }) => name,
          showEvent
        )
      },
      { head: "instance", cell: text((item) => (item.instance === "" ? "–" : whose(item))) },
      {
        head: "tryNumber",
        cell: text(({ attempt, replay }) =>
          replay === null ? numberText(attempt) : `${numberText(attempt)} · ${say("ofReplay")}`
        )
      },
      { head: "took", cell: text(({ tookMs }) => `${numberText(tookMs)} ms`) }
    ]
  })

/**
 * A cell with buttons; those that the key may not press are not there.
 * @template Item
 * @param {ReadonlyArray<{ word: import("./words.js").Word, press: ((item: Item) => unknown) | null, isFor?: (item: Item) => boolean }>} all
 * @param {(item: Item) => string} nameOf
 * @returns {(item: Item) => import("./table.js").Cell<Item>}
 */
const buttons = (all, nameOf) => (first) => {
  let now = first
  const made = all.flatMap(({ isFor = () => true, press, word }) =>
    press === null ? [] : [{ isFor, element: button(word, () => press(now)), word }]
  )
  return {
    element: h("div", { class: "buttons" }, ...made.map(({ element }) => element)),
    update: (item) => {
      now = item
      for (const { element, isFor, word } of made) {
        show(element, isFor(item))
        setAttribute(element, "aria-label", `${say(word)}: ${nameOf(item)}`)
      }
    }
  }
}

/** @param {Undelivered} event @returns {Part} */
const ofAside = ({ at, reason, retryAt }) => ({
  text: sayOf("aside", retryAt === null ? "kept" : "again"),
  tone: retryAt === null ? "bad" : "busy",
  since: localTime(at),
  detail: reasonOf(reason),
  ...(retryAt !== null && { until: localTime(retryAt) })
})

/** @param {Commands} commands */
export const makeAside = ({ forget, retry, showEvent }) =>
  makeTable({
    label: "putAside",
    keyOf: (/** @type {Undelivered} */ { eventId, replay }) => `${replay ?? ""}/${eventId}`,
    columns: [
      {
        head: "event",
        cell: event(
          ({ eventId }) => eventId,
          ({ event: name }) => name,
          showEvent
        )
      },
      { head: "state", cell: part(ofAside) },
      { head: "instance", cell: text(whose) },
      { head: "attempts", cell: text(({ attempts }) => numberText(attempts)) },
      {
        head: "actions",
        cell: buttons(
          [
            { word: "sendAgain", press: retry && (({ eventId }) => retry(eventId)) },
            { word: "forget", press: forget && (({ eventId }) => forget(eventId)) }
          ],
          ({ eventId }) => `#${eventId}`
        )
      }
    ]
  })

/** @type {Readonly<Record<Replay["state"], import("./status.js").Tone>>} */
const replayTones = { running: "busy", finished: "good", cancelled: "off" }

/** @param {Replay} replay @returns {Part} */
const ofReplay = ({ finishedAt, state }) => ({
  text: sayOf("replay", state),
  tone: replayTones[state],
  since: null,
  detail: finishedAt === null ? "" : clock(finishedAt)
})

/** @param {Replay} replay */
const rangeOf = ({ after, filter: { events, instances }, until }) =>
  [
    say("fromTo", { from: `#${after + 1}`, to: `#${until}` }),
    events?.join(", ") ?? "",
    instances?.join(", ") ?? ""
  ]
    .filter(Boolean)
    .join(" · ")

/** @param {Commands} commands */
export const makeReplays = ({ cancel }) =>
  makeTable({
    label: "replays",
    keyOf: (/** @type {Replay} */ { id }) => id,
    columns: [
      { head: "time", cell: text(({ createdAt }) => clock(createdAt)) },
      { head: "state", cell: part(ofReplay) },
      { head: "events", cell: text(rangeOf) },
      {
        head: "actions",
        cell: buttons(
          [
            {
              word: "cancel",
              press: cancel && (({ id }) => cancel(id)),
              isFor: ({ state }) => state === "running"
            }
          ],
          rangeOf
        )
      }
    ]
  })
