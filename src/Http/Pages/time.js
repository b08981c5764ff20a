/** Texts of times and ages, and timers that end with their owner. */
import { language } from "./words.js"

/** @param {number} millis @param {() => void} run @param {AbortSignal} signal */
export const every = (millis, run, signal) => {
  if (signal.aborted) return
  const timer = setInterval(run, millis)
  signal.addEventListener("abort", () => clearInterval(timer), { once: true })
}

/**
 * Resolves after a time, or as soon as its owner ends.
 * @param {number} millis
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export const sleep = (millis, signal) =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener("abort", end)
      resolve()
    }
    const timer = setTimeout(end, millis)
    signal.addEventListener("abort", end, { once: true })
  })

/**
 * Joins calls: runs once, some ms after the first of them.
 * @param {number} millis
 * @param {() => void} run
 * @param {AbortSignal} signal
 */
export const settled = (millis, run, signal) => {
  let isDue = false
  return () => {
    if (isDue) return
    isDue = true
    void sleep(millis, signal).then(() => {
      isDue = false
      if (!signal.aborted) run()
    })
  }
}

/**
 * An age in its two largest units; the same in all languages of the pages.
 * @param {number} seconds
 */
export const ageText = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds))
  const minutes = Math.floor(whole / 60)
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  if (whole < 60) return `${whole} s`
  if (minutes < 60) return `${minutes} min`
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`
}

/**
 * The whole seconds that are left, rounded up.
 * @param {number} until
 * @param {number} now ms
 */
export const secondsLeft = (until, now) => Math.max(0, Math.ceil((until - now) / 1000))

/** @param {Intl.DateTimeFormatOptions} options */
const format = (options) => new Intl.DateTimeFormat(language, { hourCycle: "h23", ...options })
const timeOfDay = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" })
const dayAndTime = format({
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit"
})

/** A time of day, with its date unless it is today. @param {number} at @param {number} [now] ms */
export const clockText = (at, now = Date.now()) =>
  (new Date(at).toDateString() === new Date(now).toDateString() ? timeOfDay : dayAndTime).format(at)

/**
 * Updates elements that count up from `data-since` or down to `data-until` (ms, our clock).
 * @param {ParentNode} root @param {number} [now]
 */
export const tick = (root, now = Date.now()) => {
  for (const element of root.querySelectorAll("[data-since]")) {
    const text = ageText((now - Number(element.getAttribute("data-since"))) / 1000)
    if (element.textContent !== text) element.textContent = text
  }
  for (const element of root.querySelectorAll("[data-until]")) {
    const text = String(secondsLeft(Number(element.getAttribute("data-until")), now))
    if (element.textContent !== text) element.textContent = text
  }
}
