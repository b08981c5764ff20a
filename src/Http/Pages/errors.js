/** The recent troubles of an instance: the error that keeps our link down, and the newest gaps. */
import { localTime } from "./api.js"
import { button, h } from "./dom.js"
import { clockText } from "./time.js"
import { say, sayCount, sayOf } from "./words.js"

/** @typedef {import("./types.js").Gap} Gap */
/** @typedef {import("./types.js").InstanceStatus} InstanceStatus */
/** @typedef {import("./status.js").Tone} Tone */
/**
 * @typedef {{ readonly chip: string, readonly tone: Tone, readonly title: string, readonly when: string, readonly detail: string, readonly gap?: string }} Trouble
 */

/** @param {InstanceStatus} status @returns {Trouble[]} */
const ofLink = ({ listener: { state } }) => {
  const error = "error" in state ? state.error : null
  if (error === null) return []
  const when = say("sinceTime", { time: clockText(localTime(state.since)) })
  return [
    {
      chip: sayOf("link", state._tag),
      tone: "bad",
      title: say("linkError"),
      when,
      detail: error.message
    }
  ]
}

/** @param {Gap} gap @returns {Tone} */
const toneOf = ({ recovered, to }) =>
  to === null || recovered === false ? "bad" : recovered === true ? "good" : "busy"

/** @param {Gap} gap @returns {Trouble} */
const ofGap = (gap) => {
  const { cause, fetched, note, recovered } = gap
  const from = clockText(localTime(gap.from))
  const to = gap.to === null ? null : clockText(localTime(gap.to))
  return {
    chip: sayOf("verdict", to === null ? "open" : String(recovered)),
    tone: toneOf(gap),
    title: sayOf("cause", cause),
    when: to === null ? say("sinceTime", { time: from }) : say("fromTo", { from, to }),
    detail: [fetched > 0 ? sayCount("fetched", fetched) : "", note ?? ""]
      .filter(Boolean)
      .join(" · "),
    ...(recovered === false && { gap: gap.id })
  }
}

/**
 * @param {InstanceStatus} status
 * @param {ReadonlyArray<Gap>} gaps newest first
 * @returns {ReadonlyArray<Trouble>}
 */
export const troublesOf = (status, gaps) => [...ofLink(status), ...gaps.map(ofGap)]

/** @param {Trouble} trouble @param {(gap: string) => void} retry fetches the messages of a gap again */
export const troubleItem = ({ chip, detail, gap, title, tone, when }, retry) =>
  h(
    "li",
    {},
    h("div", {}, h("span", { class: "chip", "data-tone": tone }, chip), h("strong", {}, title)),
    h("div", { class: "hint" }, when),
    detail !== "" && h("div", { class: "detail" }, detail),
    gap !== undefined && button("retryGap", () => retry(gap))
  )
