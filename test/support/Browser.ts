/**
 * The machine's Chromium, driven by tests: one browser for a suite, a profile of its own for each visit.
 * A visit fails on every error in it, even where the test does not look.
 */
import { existsSync } from "node:fs"
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core"

/** The headless shell comes first: it opens a page in less than half the time. */
const places = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium"
]

/** A browser named by `CHROMIUM_PATH` has to exist: if it is missing, the tests fail and are not skipped. */
const named = process.env.CHROMIUM_PATH || undefined

/** The browser's program; `undefined` when the machine has none. */
export const executable: string | undefined = named ?? places.find((path) => existsSync(path))

export const howToGetOne =
  "No browser, so the tests of the pages are skipped: install Chromium (Debian: apt-get install chromium-headless-shell), or name one by CHROMIUM_PATH"

let launched: Promise<Browser> | undefined

const launch = (): Promise<Browser> => {
  launched ??= chromium.launch({
    ...(executable === undefined ? {} : { executablePath: executable }),
    // Chromium's own sandbox does not work for root.
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    ]
  })
  return launched
}

/** Ends the browser, if there is one. */
export const close = async (): Promise<void> => {
  await (await launched)?.close()
  launched = undefined
}

export interface Visit extends BrowserContextOptions {
  /** Origins that the pages may ask, such as `http://127.0.0.1:…`. A request to another origin is a failure. */
  readonly origins: ReadonlyArray<string>
  /** Console errors that are allowed, such as the answer to a wrong key. */
  readonly expected?: RegExp
}

/** Bound of each wait for a page, in ms of real time. */
export const patience = 15_000

/** Opens a page in a profile of its own; fails afterwards if an error occurred in it. */
export const visit = async (
  { expected, origins, ...options }: Visit,
  test: (page: Page) => Promise<void>
): Promise<void> => {
  const browser = await launch()
  const context = await browser.newContext({
    locale: "en-US",
    // During a transition of colours neither contrast holds.
    reducedMotion: "reduce",
    viewport: { width: 1100, height: 800 },
    ...options
  })
  context.setDefaultTimeout(patience)
  const trouble: Array<string> = []
  context.on("console", (message) => {
    const line = `${message.text()} (${message.location().url})`
    if (message.type() === "error" && expected?.test(line) !== true) trouble.push(line)
  })
  context.on("weberror", (error) => trouble.push(String(error.error())))
  context.on("dialog", (dialog) => {
    trouble.push(`A dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  context.on("request", (request) => {
    const { origin, protocol } = new URL(request.url())
    if (protocol !== "data:" && protocol !== "blob:" && !origins.includes(origin))
      trouble.push(`A request to ${request.url()}`)
  })
  const page = await context.newPage()
  try {
    await test(page)
  } catch (error) {
    throw new Error(await told(page, trouble, error), { cause: error })
  } finally {
    await context.close()
  }
  if (trouble.length > 0) throw new Error(`Trouble in the page:\n${trouble.join("\n")}`)
}

/** The failure, with the text of the page at that time. */
const told = async (page: Page, trouble: ReadonlyArray<string>, error: unknown) => {
  const seen = await page
    .locator("body")
    .ariaSnapshot({ timeout: 1000 })
    .catch((why) => `nothing: ${why}`)
  const enough = seen.length > 6000 ? `${seen.slice(0, 6000)}…` : seen
  return [error, `At ${page.url()} there was`, enough, ...trouble].map(String).join("\n")
}
