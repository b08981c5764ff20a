/** The page of replicas: the owner of each server, with a button to hand it over, and the replicas themselves. */
import { ask, localTime, messageOf } from "./api.js"
import { openDialog } from "./dialog.js"
import { button, byId, h, keyed, setAttribute, setText, show } from "./dom.js"
import { open } from "./shell.js"
import { every, tick } from "./time.js"
import { say, sayOf } from "./words.js"

/** @typedef {import("./types.js").ClusterState} ClusterState */
/** @typedef {ClusterState["replicas"][number]} ReplicaState */
/** @typedef {ClusterState["servers"][number]} ServerState */
/** @typedef {import("./status.js").Tone} Tone */

/** Interval in ms: no event announces a change. */
const pollMillis = 2000

/** A handover that took longer has failed, or the engine took the server back. */
const handoverMillis = 15_000

/** A replica gives a sign of life each second. */
const silentSeconds = 3

/** A replica in a word: its address, or the beginning of its id. @param {ReplicaState} replica */
const labelOf = ({ address, id }) =>
  address !== null && URL.canParse(address) ? new URL(address).host : id.slice(0, 8)

/** A card with a name, a chip and facts. @param {string} title @param {Node[]} rest */
const makeCard = (title, ...rest) => {
  const name = h("span", {}, title)
  const chip = h("span", { class: "chip" })
  const facts = h("dl", {})
  return {
    element: h("li", { class: "card" }, h("h3", {}, name, chip), facts, ...rest),
    /** @param {string} text */
    rename: (text) => setText(name, text),
    /** @param {string} text @param {Tone} tone */
    judge: (text, tone) => {
      setText(chip, text)
      setAttribute(chip, "data-tone", tone)
    },
    /** One fact. @param {import("./words.js").Word} word */
    fact: (word) => {
      const term = h("dt", {}, say(word))
      const value = h("dd", {})
      facts.append(term, value)
      return {
        value,
        /** @param {string} text empty: the fact is left out */
        say: (text) => {
          setText(value, text)
          for (const part of [term, value]) show(part, text !== "")
        }
      }
    }
  }
}

/** Counts up from a time on our clock, in ms. @param {HTMLElement} element @param {number | null} at */
const since = (element, at) => {
  setAttribute(element, "data-since", at === null ? null : String(at))
  if (at === null) setText(element, "–")
}

/** @typedef {{ readonly state: ServerState, readonly owner: string, readonly isMoving: boolean }} SeenServer */

/** @param {string} server @param {() => unknown} handOver */
const makeServer = (server, handOver) => {
  const card = makeCard(
    server,
    h("div", {}, button("handOver", handOver, { "aria-label": say("handOverOf", { server }) }))
  )
  const [owner, age, epoch] = [card.fact("owner"), card.fact("ownerFor"), card.fact("epoch")]
  return {
    element: card.element,
    /** @param {SeenServer} seen */
    update: ({ isMoving, owner: label, state }) => {
      const isOwned = state.owner !== null
      const word = isMoving ? "moving" : isOwned ? "owned" : "none"
      card.judge(sayOf("owner", word), isMoving ? "busy" : isOwned ? "good" : "bad")
      owner.say(label)
      const from = isOwned && state.since !== null ? localTime(state.since) : null
      since(age.value, isOwned ? from : Date.now() - state.unownedSeconds * 1000)
      epoch.say(String(state.epoch))
      tick(card.element)
    }
  }
}

/** @typedef {{ readonly state: ReplicaState, readonly owns: ReadonlyArray<string>, readonly isMe: boolean }} SeenReplica */

const makeReplica = () => {
  const card = makeCard("")
  const [owns, version, runs, sign, unable] = [
    card.fact("owns"),
    card.fact("version"),
    card.fact("runsFor"),
    card.fact("silentFor"),
    card.fact("cannotReach")
  ]
  return {
    element: card.element,
    /** @param {SeenReplica} seen */
    update: ({ isMe, owns: servers, state }) => {
      const isSilent = state.silentSeconds >= silentSeconds
      const word = isSilent ? "silent" : state.isLeaving ? "leaving" : "lives"
      card.rename(labelOf(state) + (isMe ? ` (${say("thisReplica")})` : ""))
      card.judge(sayOf("replica", word), isSilent ? "bad" : state.isLeaving ? "busy" : "good")
      owns.say(servers.join(", ") || say("ownsNone"))
      version.say(state.version)
      since(runs.value, localTime(state.since))
      since(sign.value, Date.now() - state.silentSeconds * 1000)
      unable.say(state.unable.join(", "))
      tick(card.element)
    }
  }
}

open(({ notices, onFeed, signal }) => {
  const serverList = byId("servers", HTMLUListElement)
  const replicaList = byId("replicas", HTMLUListElement)
  /** @type {Map<string, ReturnType<typeof makeServer>>} */
  const serverCards = new Map()
  /** @type {Map<string, ReturnType<typeof makeReplica>>} */
  const replicaCards = new Map()
  /** Servers that were handed over not long ago: the heir, and until when it is waited for. */
  const moving = /** @type {Map<string, { heir: string, until: number }>} */ (new Map())
  /** @type {ReadonlyArray<ReplicaState>} */
  let replicas = []
  /** @type {number | null} */
  let heardAt = null

  /** @param {string | null} id */
  const nameOf = (id) => {
    const found = replicas.find((one) => one.id === id)
    return found === undefined ? (id?.slice(0, 8) ?? "–") : labelOf(found)
  }

  /** @param {ClusterState} state */
  const draw = ({ me, replicas: all, servers }) => {
    replicas = all
    for (const { owner, server } of servers) {
      const wanted = moving.get(server)
      if (wanted !== undefined && (wanted.heir === owner || Date.now() > wanted.until))
        moving.delete(server)
    }
    keyed(
      serverList,
      serverCards,
      servers.map((one) => ({
        state: one,
        owner: nameOf(one.owner),
        isMoving: moving.has(one.server)
      })),
      ({ state: { server } }) => server,
      ({ state: { server } }) => makeServer(server, () => confirm(server))
    )
    keyed(
      replicaList,
      replicaCards,
      all.map((one) => ({
        state: one,
        owns: servers.flatMap(({ owner, server }) => (owner === one.id ? [server] : [])),
        isMe: one.id === me
      })),
      ({ state: { id } }) => id,
      makeReplica
    )
  }

  const look = async () => {
    try {
      draw(await /** @type {Promise<ClusterState>} */ (ask("GET", "/cluster", { signal })))
      heardAt = Date.now()
      setText(byId("trouble", HTMLElement), "")
      onFeed({ state: "live", heardAt, retryAt: null, message: "" })
    } catch (error) {
      if (signal.aborted) return
      const message = messageOf(error)
      setText(byId("trouble", HTMLElement), say("failed_load", { message }))
      onFeed({ state: "stale", heardAt, retryAt: null, message })
    }
  }

  /** @param {string} server */
  const handOver = async (server) => {
    try {
      const { heir } = await /** @type {Promise<{ heir: string }>} */ (
        ask("POST", `/cluster/servers/${encodeURIComponent(server)}/handover`, { signal })
      )
      moving.set(server, { heir, until: Date.now() + handoverMillis })
      notices.tell(say("done_handOver", { server, heir: nameOf(heir) }))
    } catch (error) {
      if (!signal.aborted)
        notices.fail(say("failed_handOver", { server, message: messageOf(error) }))
    }
    void look()
  }

  /** @param {string} server */
  const confirm = (server) => {
    const dialog = openDialog(
      say("handOverOf", { server }),
      () =>
        h(
          "div",
          { class: "body" },
          h("p", {}, say("handOverHint")),
          button(
            "handOver",
            () => {
              dialog.close()
              return handOver(server)
            },
            { class: "primary", autofocus: true }
          )
        ),
      signal
    )
  }

  every(pollMillis, () => document.visibilityState === "visible" && void look(), signal)
  void look()
})
