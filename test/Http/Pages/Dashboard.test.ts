import { expect, it } from "@effect/vitest"
import { Context, Effect, Redacted } from "effect"
import type { Locator, Page } from "playwright-core"
import { Session } from "../../../src/Http/Auth/Session.ts"
import { eventually, inBrowser } from "../../support/Browser/Suite.ts"
import { readShownQr } from "../../support/QrReader.ts"
import { key } from "../Service.ts"
import { useWorld } from "./useWorld.ts"
import { rowOf, secondsOf } from "./World.ts"

/** Presses Tab until the element has the focus. */
const tabTo = async (page: Page, element: Locator): Promise<void> => {
  const focused = element.and(page.locator(":focus"))
  for (let steps = 0; steps < 100; steps++) {
    if ((await focused.count()) === 1) return
    await page.keyboard.press("Tab")
  }
  throw new Error(`Tab does not lead to ${element}`)
}

const world = useWorld()

inBrowser("the dashboard", () => {
  it("shows a new instance's code, the next one, and when it is connected, without a reload", () =>
    world().visit(
      "/",
      async (page) => {
        const { evolution } = world()
        let loads = 0
        page.on("load", () => loads++)
        const form = page.getByRole("form", { name: "New instance" })
        await form.getByRole("textbox", { name: "Name", exact: true }).fill("loja")
        await form.getByRole("button", { name: "Create" }).click()

        const dialog = page.getByRole("dialog", { name: "QR code of loja" })
        const image = dialog.getByRole("img", { name: "QR code of loja" })
        const timer = dialog.getByRole("timer")
        await image.waitFor()
        await eventually(() => readShownQr(image)).toBe(evolution.instance("loja").qr?.code)
        await eventually(() => secondsOf(timer)).toBeLessThanOrEqual(43)

        const next = await evolution.showQr("loja")
        await eventually(() => readShownQr(image)).toBe(next)
        await eventually(() => secondsOf(timer)).toBeGreaterThanOrEqual(44)

        evolution.scan("loja")
        await dialog.getByText("Connected as +55").waitFor()
        await eventually(() => image.isVisible()).toBe(false)
        await dialog.getByRole("button", { name: "Close" }).click()
        const row = rowOf(page, "loja")
        await row.getByText("Connected", { exact: true }).waitFor()
        await row.getByText("Nothing to do").waitFor()
        await row.getByText("Loja · +5511999990001").waitFor()
        expect(loads).toBe(0)
      },
      { deviceScaleFactor: 2 }
    ))

  it("shows the changes of an instance, and runs the commands of its buttons", () =>
    world().visit("/", async (page) => {
      await world().link("padaria")
      const row = rowOf(page, "padaria")
      await row.getByText("Listening", { exact: true }).waitFor()
      await row.getByRole("button", { name: "Stop", exact: true }).click()
      await row.getByRole("button", { name: "Start", exact: true }).waitFor()
      const link = row.getByRole("cell").nth(1)
      await eventually(() => link.textContent()).toMatch(/Stopped/)
      await row.getByRole("button", { name: "Start", exact: true }).click()
      await eventually(() => link.textContent()).toMatch(/Listening/)

      world().evolution.logout("padaria")
      await row.getByText("Ask for a new QR code").waitFor()
      await row.getByRole("button", { name: "New QR code" }).click()
      const dialog = page.getByRole("dialog", { name: "QR code of padaria" })
      await dialog.getByRole("timer").waitFor()
    }))

  it("shows a failure in the service's own words", () =>
    world().visit(
      "/",
      async (page) => {
        await world().create("feira")
        const form = page.getByRole("form", { name: "New instance" })
        await form.getByRole("textbox", { name: "Name", exact: true }).fill("feira")
        await form.getByRole("button", { name: "Create" }).click()
        await page.getByRole("alert").filter({ hasText: "feira" }).waitFor()
      },
      { expected: /status of 409/ }
    ))

  it("filters by name", () =>
    world().visit("/", async (page) => {
      await world().create("sul-1")
      await world().create("norte-1")
      await rowOf(page, "sul-1").waitFor()
      await rowOf(page, "norte-1").waitFor()
      await page.getByRole("searchbox", { name: "Filter by name" }).fill("sul")
      await eventually(() => rowOf(page, "norte-1").count()).toBe(0)
      expect(await rowOf(page, "sul-1").count()).toBe(1)
    }))

  it("lets nobody in with a wrong key, and forgets the key with the tab's sign-out", () =>
    world().look(
      "/",
      async (page) => {
        await page.getByLabel("API key").fill("a-wrong-key")
        await page.getByRole("button", { name: "Sign in" }).click()
        await page.getByRole("alert").getByText("does not accept this key").waitFor()
        await page.getByLabel("API key").fill(key)
        await page.getByRole("button", { name: "Sign in" }).click()
        await page.getByRole("button", { name: "Sign out" }).click()
        await page.getByLabel("API key").waitFor()
        await page.reload()
        await page.getByLabel("API key").waitFor()
        expect(await page.evaluate("Object.keys(sessionStorage).length")).toBe(0)
        expect(await page.evaluate("Object.keys(localStorage).length")).toBe(0)
      },
      { expected: /status of 401/ }
    ))

  it("lets in by a link that works once and leaves no trace in the address", async () => {
    const { ticket } = Context.get(world().context, Session)
    const path = `/#ticket=${Redacted.value(await Effect.runPromise(ticket))}`
    await world().look(path, async (page) => {
      await page.getByRole("button", { name: "Sign out" }).waitFor()
      expect(page.url()).toBe(`${world().url}/`)
      await page.reload()
      await page.getByRole("button", { name: "Sign out" }).waitFor()
      expect(await page.evaluate("history.length")).toBe(2)
    })
    await world().look(
      path,
      async (page) => {
        await page.getByRole("alert").getByText("was used already").waitFor()
        await page.getByLabel("API key").waitFor()
        expect(page.url()).toBe(`${world().url}/`)
      },
      { expected: /status of 401/ }
    )
  })

  it("is used from the keyboard alone", () =>
    world().look("/", async (page) => {
      const focus = page.locator(":focus")
      await tabTo(page, page.getByLabel("API key"))
      await page.keyboard.type(key)
      await page.keyboard.press("Enter")
      await page.getByRole("button", { name: "Sign out" }).waitFor()

      await tabTo(page, page.getByRole("textbox", { name: "Name", exact: true }))
      await page.keyboard.type("teclado")
      await page.keyboard.press("Enter")
      const dialog = page.getByRole("dialog", { name: "QR code of teclado" })
      await dialog.getByRole("timer").waitFor()
      await eventually(() => dialog.locator(":focus").count()).toBe(1)
      await page.keyboard.press("Escape")
      await dialog.waitFor({ state: "hidden" })
      await eventually(() => focus.count()).toBe(1)

      const button = rowOf(page, "teclado").getByRole("button", { name: "Show QR code" })
      await tabTo(page, button)
      await page.keyboard.press("Enter")
      await dialog.getByRole("timer").waitFor()
      await page.keyboard.press("Escape")
      await dialog.waitFor({ state: "hidden" })
      await eventually(() => button.and(focus).count()).toBe(1)
    }))
})
