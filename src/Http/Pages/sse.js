/**
 * Parses server-sent events out of text in pieces of any size.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */

/**
 * @typedef {object} Frame
 * @property {string} event "message" if the frame names none
 * @property {string} data
 */

/**
 * @param {object} tell
 * @param {(frame: Frame) => void} tell.onFrame
 * @param {(id: string) => void} [tell.onId] called for frames without data, too
 * @param {(millis: number) => void} [tell.onRetry]
 */
export const makeParser = ({ onFrame, onId, onRetry }) => {
  /**
   * Pieces of the unfinished line; a frame of many megabytes comes in many pieces and is joined once.
   * @type {string[]}
   */
  let pieces = []
  let endedWithCr = false
  let isFirst = true
  let event = ""
  let id = ""
  let hasId = false
  /** @type {string[]} */
  let data = []

  const dispatch = () => {
    if (hasId) onId?.(id)
    if (data.length > 0) onFrame({ event: event || "message", data: data.join("\n") })
    event = ""
    data = []
    hasId = false
  }

  /** @param {string} line */
  const take = (line) => {
    if (line === "") return dispatch()
    const colon = line.indexOf(":")
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1)
    if (field === "data") data.push(value)
    else if (field === "event") event = value
    else if (field === "id" && !value.includes("\0")) {
      id = value
      hasId = true
    } else if (field === "retry" && /^\d+$/.test(value)) onRetry?.(Number(value))
  }

  return {
    /** @param {string} chunk */
    push: (chunk) => {
      let text = isFirst && chunk.startsWith("\uFEFF") ? chunk.slice(1) : chunk
      isFirst &&= chunk === ""
      // CR ended the last piece; the LF of the same line end may begin this one.
      if (endedWithCr && text !== "") {
        if (text[0] === "\n") text = text.slice(1)
        endedWithCr = false
      }
      let from = 0
      for (const { 0: end, index } of text.matchAll(/\r\n|\r|\n/g)) {
        pieces.push(text.slice(from, index))
        take(pieces.join(""))
        pieces = []
        from = index + end.length
        endedWithCr = end === "\r" && from === text.length
      }
      if (from < text.length) pieces.push(text.slice(from))
    }
  }
}
