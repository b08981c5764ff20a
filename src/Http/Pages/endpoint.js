/** The page of one endpoint: how it stands and why, its lanes, attempts, replays and settings. */
import { ask } from "./api.js"
import { button, byId, h, setAttribute, setText, show } from "./dom.js"
import { makeCommands } from "./endpoint-commands.js"
import { factsOf } from "./endpoint-settings.js"
import { makeAside, makeAttempts, makeLanes, makeReplays } from "./endpoint-tables.js"
import { ownPath } from "./place.js"
import { poll } from "./poll.js"
import { askSelf, mayOperate, mayShape } from "./rights.js"
import { askServers } from "./servers.js"
import { open } from "./shell.js"
import { kindOf, lagOf, numberText, partOf, placeOf, sentenceOf } from "./standing.js"
import { say, sayCount } from "./words.js"

/** @typedef {import("./types.js").Attempt} Attempt */
/** @typedef {import("./types.js").Endpoint} Endpoint */
/** @typedef {import("./types.js").Lane} Lane */
/** @typedef {import("./types.js").Replay} Replay */
/** @typedef {import("./types.js").Self} Self */
/** @typedef {import("./types.js").Undelivered} Undelivered */
/** @typedef {ReadonlyArray<readonly [import("./words.js").Word, string]>} Facts */

const path = `/endpoints/${ownPath().split("/")[2] ?? ""}`
/** Interval in ms: no event announces how far an endpoint has come. */
const pollMillis = 3000
const lanesShown = 50
const asideShown = 100
const attemptsAtOnce = 20

/** @param {HTMLElement} list @param {Facts} facts */
const drawFacts = (list, facts) => {
  const key = JSON.stringify(facts)
  if (list.dataset.key === key) return
  list.dataset.key = key
  list.replaceChildren(
    ...facts.map(([word, text]) => h("div", {}, h("dt", {}, say(word)), h("dd", {}, text)))
  )
}

/** @param {Endpoint} endpoint @returns {Facts} */
const figuresOf = (endpoint) => {
  const { age, events } = lagOf(endpoint)
  const { delivered, undelivered } = endpoint.status
  return [
    ["waiting", age === "" ? events : `${events} · ${age}`],
    ["delivered", numberText(delivered)],
    ["putAside", numberText(undelivered)]
  ]
}

/** The reason for which the key may not change it. @param {Endpoint} endpoint @param {Self} self */
const whyNot = (endpoint, self) => {
  if (endpoint.source === "file") return say("inFile")
  return mayOperate(self) && !mayShape(self, endpoint) ? say("mayNotShape") : ""
}

/** @param {import("./endpoint-tables.js").Commands} commands */
const makeTables = (commands) => {
  const tables = {
    lanes: makeLanes(commands),
    aside: makeAside(commands),
    attempts: makeAttempts(commands),
    replays: makeReplays(commands)
  }
  for (const [id, { element }] of Object.entries(tables)) byId(id, HTMLElement).append(element)
  return tables
}

open(({ notices, onFeed, signal }) => {
  /** @type {Self | null} */
  let self = null
  /** @type {Endpoint | null} */
  let endpoint = null
  /** @type {ReturnType<typeof makeTables> | null} */
  let tables = null
  let attemptsShown = attemptsAtOnce

  const commands = makeCommands({
    path,
    now: () => endpoint,
    look: () => look(),
    notices,
    signal
  })
  byId("buttons", HTMLElement).append(...Object.values(commands.buttons))
  byId("settings-buttons", HTMLElement).append(commands.change)
  byId("aside-buttons", HTMLElement).append(...Object.values(commands.all))
  const older = button("older", () => {
    attemptsShown += attemptsAtOnce
    return look()
  })
  byId("older", HTMLElement).append(older)

  /** @param {Endpoint} found @param {ReadonlyArray<Lane>} lanes @param {Self} who */
  const draw = (found, lanes, who) => {
    setText(byId("title", HTMLElement), found.name)
    document.title = found.name
    setText(byId("place", HTMLElement), `${kindOf(found)} · ${placeOf(found)}`)
    setText(byId("sentence", HTMLElement), sentenceOf(found, lanes))
    // The sentence has times that change all the while, which nobody wants to be told.
    setText(byId("announced", HTMLElement), partOf(found).text)
    setAttribute(byId("standing", HTMLElement), "data-tone", partOf(found).tone)
    drawFacts(byId("figures", HTMLElement), figuresOf(found))
    drawFacts(byId("settings", HTMLElement), factsOf(found))
    setText(byId("why-not", HTMLElement), whyNot(found, who))
    commands.update(found, who)
    show(byId("content", HTMLElement), true)
  }

  /** @template Answer @param {string} [rest] @returns {Promise<Answer>} */
  const read = (rest = "") => ask("GET", path + rest, { signal })

  const readAll = () =>
    Promise.all([
      /** @type {Promise<Endpoint>} */ (read()),
      /** @type {Promise<{ lanes: Lane[] }>} */ (read(`/lanes?limit=${lanesShown}`)),
      /** @type {Promise<{ undelivered: Undelivered[] }>} */ (
        read(`/undelivered?limit=${asideShown}`)
      ),
      /** @type {Promise<{ attempts: Attempt[] }>} */ (
        read(`/attempts?limit=${Math.min(attemptsShown, 1000)}`)
      ),
      /** @type {Promise<Replay[]>} */ (read("/replays"))
    ])

  /** @param {Self} who @param {ReturnType<typeof makeTables>} shown */
  const drawAll = async (who, shown) => {
    const [found, { lanes }, { undelivered }, { attempts }, replays] = await readAll()
    endpoint = found
    const isOpen = found.status.breaker !== "closed"
    const waiting = lanes
      .filter((lane) => lane.attempts > 0 || lane.isBehind)
      // Behind the breaker a lane waits for longer than its own delay.
      .map((lane) => (isOpen ? { ...lane, nextAttemptAt: null } : lane))
    draw(found, waiting, who)
    shown.lanes.draw(waiting)
    show(byId("no-lanes", HTMLElement), waiting.length === 0)
    const more = lanes.length < lanesShown ? 0 : found.status.lanes.behind - waiting.length
    setText(byId("more-lanes", HTMLElement), more > 0 ? sayCount("moreLanes", more) : "")
    shown.aside.draw(undelivered)
    show(byId("none-aside", HTMLElement), undelivered.length === 0)
    shown.attempts.draw(attempts)
    show(byId("no-attempts", HTMLElement), attempts.length === 0)
    show(older, attempts.length === attemptsShown)
    shown.replays.draw(replays)
    show(byId("no-replays", HTMLElement), replays.length === 0)
  }

  const look = poll({
    look: async () => {
      if (self === null) [self] = await Promise.all([askSelf(signal), askServers(signal)])
      tables ??= makeTables(commands.inTables(self))
      await drawAll(self, tables)
    },
    millis: pollMillis,
    onFeed,
    signal
  })
})
