/** The world of the pages: a simulated Evolution, a real service, and a key to sign in with. */
import { Effect } from "effect"
import type { Locator, Page } from "playwright-core"
import * as EvolutionListener from "../../../src/EvolutionListener.ts"
import { type Simulator, scopedSimulator } from "../../../src/Testing/mod.ts"
import { type Visit, visit } from "../../support/Browser.ts"
import { storage } from "../../support/databases.ts"
import { at } from "../../support/ServiceProcess.ts"
import { key, serve } from "../Service.ts"

const start = Effect.gen(function* () {
  const evolution = yield* scopedSimulator()
  const service = yield* serve(EvolutionListener.layer, {
    API_KEY: key,
    ...(yield* storage),
    ...at(evolution)
  })
  return { evolution, service }
})

type Started = Effect.Effect.Success<typeof start>

export class World {
  readonly evolution: Simulator
  readonly url: string
  readonly #service: Started["service"]

  constructor({ evolution, service }: Started) {
    this.evolution = evolution
    this.url = service.url
    this.#service = service
  }

  get context() {
    return this.#service.context
  }

  /** The answer to a request with the key. */
  readonly call = (method: string, path: string, body?: object) => {
    const init = body === undefined ? {} : { body: JSON.stringify(body) }
    const headers = { "content-type": "application/json" }
    return Effect.runPromise(this.#service.call(method, path, { ...init, headers }))
  }

  /** An instance that shows a code to scan. */
  readonly create = async (name: string, number?: string): Promise<void> => {
    const { status, text } = await this.call("POST", "/instances", { name, number })
    if (status !== 201) throw new Error(`Cannot create "${name}": ${text}`)
  }

  /** An instance with a phone. */
  async link(name: string): Promise<void> {
    await this.create(name)
    this.evolution.scan(name)
  }

  /** Opens a page as somebody who does not come by a sign-in link. */
  look(path: string, test: (page: Page) => Promise<void>, options: Partial<Visit> = {}) {
    return visit({ origins: [this.url], ...options }, async (page) => {
      await page.goto(`${this.url}${path}`)
      await test(page)
    })
  }

  /** Opens a page, signed in by the key. */
  visit(path: string, test: (page: Page) => Promise<void>, options: Partial<Visit> = {}) {
    return this.look(
      path,
      async (page) => {
        await signIn(page, key)
        await test(page)
      },
      options
    )
  }
}

/** Stands until the scope closes. */
export const scopedWorld = Effect.map(start, (started) => new World(started))

/** Types the key as a person does; the page's language is English. */
export const signIn = async (page: Page, withKey: string): Promise<void> => {
  await page.getByLabel("API key").fill(withKey)
  await page.getByRole("button", { name: "Sign in" }).click()
  await page.getByRole("button", { name: "Sign out" }).waitFor()
}

/** An instance's row in the table of all. */
export const rowOf = (page: Page, name: string): Locator =>
  page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) })

/** Waits until the page's feed is. */
export const isLive = (page: Page): Promise<void> =>
  page.getByRole("status", { name: "Live feed" }).getByText("Live", { exact: true }).waitFor()

/** The seconds that a countdown shows. */
export const secondsOf = async (timer: Locator): Promise<number> =>
  Number(/\d+/.exec((await timer.textContent()) ?? "")?.[0] ?? Number.NaN)

/** True if the page is wider than its window. */
export const overflows = (page: Page): Promise<boolean> =>
  page.evaluate<boolean>(
    "document.documentElement.scrollWidth > document.documentElement.clientWidth"
  )

/** The URL of a new pairing link, with its token. */
export const pairingPath = async (world: World, name: string): Promise<string> => {
  const { json, text } = await world.call(
    "POST",
    `/instances/${encodeURIComponent(name)}/pairing-links`,
    {}
  )
  if (typeof json !== "object" || json === null || !("url" in json)) throw new Error(text)
  const { hash, pathname } = new URL(String(json.url))
  return `${pathname}${hash}`
}
