/** Events that the monitor received: newest first, bounded in number and size, and unchanged while it is paused. */

/**
 * @typedef {object} Line
 * @property {string} key
 * @property {number} at ms, our clock
 * @property {string} instance
 * @property {string} server
 * @property {string} event
 * @property {string} origin
 * @property {string} summary
 * @property {string} json the first `maxJson` characters of the data
 * @property {number} size characters of the whole data
 */

export const capacity = 1000
/** A history sync can have tens of millions of characters. */
export const maxJson = 256 * 1024
const maxTotal = 32 * 1024 * 1024

/** The newest lines within the bounds. @param {ReadonlyArray<Line>} lines */
const bounded = (lines) => {
  let total = 0
  const cut = lines.findIndex(({ json }, index) => {
    total += json.length
    return index >= capacity || total > maxTotal
  })
  return cut === -1 ? lines : lines.slice(0, Math.max(cut, 1))
}

export const makeHeard = () => {
  /** @type {ReadonlyArray<Line>} */
  let shown = []
  /** @type {ReadonlyArray<Line>} */
  let waiting = []
  let isPaused = false
  let dropped = 0

  /** @param {ReadonlyArray<Line>} lines */
  const keep = (lines) => {
    const kept = bounded(lines)
    dropped += lines.length - kept.length
    return kept
  }

  return {
    /** @param {ReadonlyArray<Line>} lines oldest first, as they come */
    add: (lines) => {
      if (isPaused) waiting = keep([...lines.toReversed(), ...waiting])
      else shown = keep([...lines.toReversed(), ...shown])
    },
    /**
     * Adds lines from before the monitor began, as far as there is room; the rest does not count as dropped.
     * @param {ReadonlyArray<Line>} lines oldest first
     */
    addOlder: (lines) => {
      shown = bounded([...shown, ...lines.toReversed()])
    },
    pause: () => {
      isPaused = true
    },
    resume: () => {
      isPaused = false
      shown = keep([...waiting, ...shown])
      waiting = []
    },
    clear: () => {
      shown = []
      waiting = []
      dropped = 0
    },
    isPaused: () => isPaused,
    counts: () => ({ waiting: waiting.length, dropped }),
    /** Lines that contain a text, in upper or lower case. @param {string} [text] */
    matching: (text = "") => {
      const wanted = text.trim().toLowerCase()
      if (wanted === "") return shown
      return shown.filter(({ event, instance, json, summary }) =>
        [instance, event, summary, json].some((part) => part.toLowerCase().includes(wanted))
      )
    }
  }
}

/** The whole event as indented text. @param {Line} line */
export const pretty = ({ json, size }) =>
  size > json.length ? json : JSON.stringify(JSON.parse(json), null, 2)
