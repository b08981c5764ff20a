/** The customer's page: the code of one instance until it is scanned. The token is in the URL's fragment. */
import { canBeKey, localTime } from "./api.js"
import { byId, h, setAttribute, setText, show } from "./dom.js"
import { follow } from "./feed.js"
import { connectedText, makeCode } from "./qr.js"
import { every } from "./time.js"
import { say, translate } from "./words.js"

/** @typedef {import("./types.js").Pairing} Pairing */

const end = new AbortController()
const { signal } = end
const token = location.hash.slice(1)
const pairing = byId("pairing", HTMLElement)
const code = makeCode(say("qrCode"))
let isConnected = false

/** Gives one message for every invalid token, so that nobody learns why it is invalid. */
const refuse = () => {
  end.abort()
  const sentence = h("p", { class: "invalid", role: "alert" }, say("linkInvalid"))
  document.body.replaceChildren(h("main", { class: "pair" }, sentence))
}

/** @param {Pairing} seen */
const wordOf = ({ phone, state }) => {
  if (state === "connected") return connectedText(phone)
  return state === "scan" ? "" : say(state === "ended" ? "ended" : "onItsWay")
}

/** @param {Pairing} seen */
const render = (seen) => {
  const { qr, state } = seen
  isConnected = state === "connected"
  const word = byId("word", HTMLElement)
  setText(word, wordOf(seen))
  setAttribute(word, "data-done", isConnected ? "" : null)
  // The service draws the code; a source that is not an image is not shown.
  if (qr?.svg.startsWith("data:image/svg+xml;base64,"))
    code.update({
      source: qr.svg,
      pairingCode: qr.pairingCode,
      expiresAt: localTime(qr.expiresAt)
    })
  else code.hide()
  show(byId("or-code", HTMLElement), typeof qr?.pairingCode === "string")
  show(byId("steps", HTMLElement), state === "scan" || state === "waiting")
  show(pairing, true)
}

/** @param {import("./sse.js").Frame} frame */
const take = ({ data, event }) => {
  if (event === "pairing") return render(JSON.parse(data))
  if (event !== "bye" || JSON.parse(data).reason !== "expired") return
  // A connected phone needs no token any more.
  if (isConnected) end.abort()
  else refuse()
}

translate(document)
byId("code", HTMLElement).replaceWith(code.element)
addEventListener("hashchange", () => location.reload())
addEventListener("pageshow", ({ persisted }) => persisted && location.reload())
addEventListener("pagehide", () => end.abort(), { once: true })
if (canBeKey(token)) {
  every(1000, code.render, signal)
  follow({
    path: "/pairing/stream",
    headers: () => ({ authorization: `Bearer ${token}` }),
    onFrame: take,
    onUnauthorized: () => {
      if (!isConnected) refuse()
    },
    onState: ({ state }) => {
      const isFine = state === "live" || state === "connecting"
      setText(byId("connection", HTMLElement), isFine ? "" : say("noConnection"))
    },
    signal
  })
} else refuse()
