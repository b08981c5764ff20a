/** A page with nothing on it, where the pages' modules are imported one by one. */
import { afterAll, beforeAll } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import type { Page } from "playwright-core"
import { visit } from "../../support/Browser.ts"
import { house, serve } from "../Service.ts"

/** Starts a service for the tests of a suite, and stops it after them. */
export const useBlankPage = () => {
  const scope = Effect.runSync(Scope.make())
  let url = ""
  beforeAll(async () => {
    const service = await Effect.runPromise(Scope.extend(serve(house()), scope))
    url = service.url
  }, 60_000)
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  /** Gives the test a new page that has not gone anywhere. */
  const visitUrl = (test: (page: Page, url: string) => Promise<void>) =>
    visit({ origins: [url] }, (page) => test(page, url))

  const blank = (test: (page: Page) => Promise<void>) =>
    visitUrl(async (page, url) => {
      await page.goto(`${url}/pair`)
      await page.evaluate("document.body.replaceChildren()")
      await test(page)
    })

  return { blank, visitUrl }
}

/** Runs a few lines in the page; `modules` are there by their names. */
export const run = <A>(page: Page, modules: ReadonlyArray<string>, lines: string): Promise<A> => {
  const imports = modules.map((name) => `const ${name} = await import("/pages/${name}.js")`)
  return page.evaluate<A>(`(async () => { ${imports.join(";")}; ${lines} })()`)
}
