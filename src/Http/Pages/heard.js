/** What the monitor has heard: the newest first, bounded in number and in size, and still while it is paused. */

/**
 * @typedef {object} Line
 * @property {string} key
 * @property {number} at ms, our clock
 * @property {string} instance
 * @property {string} event
 * @property {string} origin
 * @property {string} summary
 * @property {string} json as it came, at most `maxJson` characters of it
 * @property {number} size characters that came
 */

export const capacity = 1000
/** A piece of history can have tens of millions. */
export const maxJson = 256 * 1024
const maxTotal = 32 * 1024 * 1024

/** As many of the newest as may be kept. @param {ReadonlyArray<Line>} lines */
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
     * What was there before anything was heard; whatever has no room is not missed.
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
    /** Those with a text somewhere in them, in any case. @param {string} [text] */
    matching: (text = "") => {
      const wanted = text.trim().toLowerCase()
      if (wanted === "") return shown
      return shown.filter(({ event, instance, json, summary }) =>
        [instance, event, summary, json].some((part) => part.toLowerCase().includes(wanted))
      )
    }
  }
}

/** The whole event, easy to read. @param {Line} line */
export const pretty = ({ json, size }) =>
  size > json.length ? json : JSON.stringify(JSON.parse(json), null, 2)
