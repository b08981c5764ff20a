import { expect, it } from "@effect/vitest"
import { eventually, inBrowser } from "../../support/Browser/Suite.ts"
import { key } from "../Service.ts"
import { useWorld } from "./useWorld.ts"
import { isLive, rowOf, signIn } from "./World.ts"

inBrowser("the pages, where something is not as it should be", () => {
  const world = useWorld()

  it("lead back to the sign-in when the key is not accepted any more, and keep nothing of it", () =>
    world().visit(
      "/",
      async (page) => {
        await world().create("loja")
        await rowOf(page, "loja").waitFor()
        const refused = { status: 401, json: { _tag: "Unauthorized", message: "no" } }
        await page.route(/\/instances\/loja\/stop(\?|$)/, (route) => route.fulfill(refused))
        await rowOf(page, "loja").getByRole("button", { name: "Stop", exact: true }).click()
        await page.getByRole("heading", { name: "Sign in" }).waitFor()
        await page.getByText("You were signed out: the service does not accept your key").waitFor()
        expect(await page.locator("body").textContent()).not.toContain("loja")
        expect(await page.evaluate<string>("JSON.stringify({ ...sessionStorage })")).toBe("{}")
        await page.reload()
        await page.getByRole("heading", { name: "Sign in" }).waitFor()
        expect(await page.getByRole("alert").textContent()).toBe("")
        await page.unroute(/\/instances\/loja\/stop$/)
        await signIn(page, key)
        await rowOf(page, "loja").waitFor()
      },
      { expected: /401/ }
    ))

  it("keep the key in the tab, and out of every address", () =>
    world().look("/", async (page) => {
      const asked: Array<string> = []
      page.on("request", (request) => asked.push(request.url()))
      await signIn(page, key)
      await page.getByRole("link", { name: "Monitor" }).click()
      await isLive(page)
      await page.getByRole("link", { name: "Instances" }).click()
      await isLive(page)
      expect(asked.length).toBeGreaterThan(5)
      expect(asked.filter((url) => url.includes(key))).toEqual([])
      expect(await page.evaluate<number>("localStorage.length")).toBe(0)
    }))

  it("say that a ticket was used already, and take the key instead", () =>
    world().look(
      "/#ticket=used-already",
      async (page) => {
        await page.getByText("This sign-in link was used already, or is too old").waitFor()
        expect(new URL(page.url()).hash).toBe("")
        await signIn(page, key)
        await isLive(page)
      },
      { expected: /401/ }
    ))

  it("say that there is no such instance, and show it as soon as there is one", () =>
    world().visit(
      "/instances/later/view",
      async (page) => {
        await page.getByText("There is no instance “later” here.").waitFor()
        expect(await page.getByRole("heading", { name: "Status" }).isVisible()).toBe(false)
        await isLive(page)
        await world().create("later")
        await page.getByRole("heading", { name: "Status" }).waitFor()
        await page.getByRole("img", { name: "QR code of later" }).waitFor()
        await page.getByRole("img", { name: "Timeline of later" }).waitFor()
        await eventually(() => page.getByText("There is no instance").count()).toBe(0)
      },
      { expected: /404/ }
    ))

  it("show the service's message for a wrong filter, and go on with the next filter", () =>
    world().visit(
      "/monitor",
      async (page) => {
        await isLive(page)
        const events = page.getByRole("combobox", { name: "Events" })
        await events.fill("what is this?")
        await events.press("Enter")
        const trouble = page.getByRole("status", { name: "Feed trouble" })
        await trouble.getByText("No live feed: event: Names of events").waitFor()
        await events.fill("messages.upsert")
        await events.press("Enter")
        await isLive(page)
        await eventually(() => trouble.isVisible()).toBe(false)
        expect(new URL(page.url()).search).toBe("?event=messages.upsert")
      },
      { expected: /400/ }
    ))

  it("report a failed load, keep the old data, and remove the report after a load that succeeds", () =>
    world().visit(
      "/",
      async (page) => {
        await world().create("bolo")
        await rowOf(page, "bolo").waitFor()
        const away = { status: 503, json: { message: "The database does not answer: gone" } }
        await page.route(/\/instances(\/bolo\/status)?(\?server=default)?$/, (route) =>
          route.request().method() === "GET" ? route.fulfill(away) : route.continue()
        )
        await world().evolution.showQr("bolo")
        await page.getByText("Cannot load: The database does not answer: gone").waitFor()
        expect(await rowOf(page, "bolo").isVisible()).toBe(true)
        await page.unroute(/\/instances(\/bolo\/status)?(\?server=default)?$/)
        await world().evolution.showQr("bolo")
        await eventually(() => page.getByText("Cannot load").count()).toBe(0)
      },
      { expected: /503/ }
    ))

  it("say that the database is away, in a banner over everything", () =>
    world().visit("/", async (page) => {
      const since = new Date(Date.now() - 65_000).toISOString()
      const degraded = { reason: "database_unavailable", since, message: "gone" }
      // The page asks again for the one of which an event comes.
      await page.route(/\/instances(\/pao\/status)?(\?server=default)?$/, async (route) => {
        const response = await route.fetch()
        const found: object | ReadonlyArray<object> = await response.json()
        const json = Array.isArray(found)
          ? found.map((one) => ({ ...one, degraded }))
          : { ...found, degraded }
        return route.fulfill({ response, json })
      })
      await world().create("pao")
      await page.reload()
      const banner = page.getByRole("alert").filter({ hasText: "The database does not answer" })
      await banner.waitFor()
      await page.getByText("1 min", { exact: true }).first().waitFor()
    }))
})
