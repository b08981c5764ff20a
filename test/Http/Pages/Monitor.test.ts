import { expect, it } from "@effect/vitest"
import type { Page } from "playwright-core"
import { textMessage } from "../../../src/Testing/mod.ts"
import { eventually, inBrowser } from "../../support/Browser/Suite.ts"
import { useWorld } from "./useWorld.ts"
import { isLive } from "./World.ts"

const world = useWorld()

inBrowser("the monitor", () => {
  const send = (name: string, text: string) =>
    world().evolution.emit(
      name,
      "messages.upsert",
      textMessage(text, { name: "Ana", phone: "5511988887777" })
    )
  const heard = (page: Page) => page.getByRole("listbox", { name: "Events heard" })
  const lines = (page: Page) => heard(page).getByRole("option")
  const line = (page: Page, text: string) => lines(page).filter({ hasText: text })
  const search = (page: Page, text: string) =>
    page.getByRole("searchbox", { name: "Text" }).fill(text)

  it("shows events as they come, and one in full, by mouse and by keyboard", () =>
    world().visit("/monitor", async (page) => {
      await world().link("vitrine")
      await isLive(page)
      send("vitrine", "Bom dia")
      await line(page, "Bom dia").click()
      const chosen = page.getByRole("region", { name: "Chosen event" }).locator("pre")
      await eventually(() => chosen.textContent()).toContain('"conversation": "Bom dia"')

      send("vitrine", "Boa tarde")
      await line(page, "Boa tarde").waitFor()
      // Only the two, newest first, whatever else comes.
      await search(page, "messages.upsert")
      await eventually(() => lines(page).count()).toBe(2)
      await heard(page).focus()
      await page.keyboard.press("Home")
      await page.keyboard.press("Enter")
      await eventually(() => chosen.textContent()).toContain('"conversation": "Boa tarde"')
      await page.keyboard.press("ArrowDown")
      await page.keyboard.press("Enter")
      await eventually(() => chosen.textContent()).toContain('"conversation": "Bom dia"')
    }))

  it("shows the events of the log, and links and gaps, too", async () => {
    await world().link("antes")
    send("antes", "já passou")
    await world().call("POST", "/instances/antes/stop")
    await world().visit("/monitor?instance=antes", async (page) => {
      await line(page, "já passou").waitFor()
      await line(page, "listener.updated").first().waitFor()
      expect(await line(page, "Bom dia").count()).toBe(0)
      await world().call("POST", "/instances/antes/start")
      await line(page, "status").first().waitFor()
    })
  })

  it("filters by instance, by event and by text", async () => {
    await world().link("sul")
    await world().link("norte")
    await world().visit("/monitor", async (page) => {
      await isLive(page)
      send("norte", "antes do filtro")
      await line(page, "antes do filtro").waitFor()

      await page.getByRole("combobox", { name: "Instance" }).selectOption("sul")
      await eventually(() => line(page, "norte").count()).toBe(0)
      await isLive(page)
      send("norte", "outra loja")
      send("sul", "primeira")
      await line(page, "primeira").waitFor()
      expect(await line(page, "outra loja").count()).toBe(0)

      const events = page.getByLabel("Events", { exact: true })
      await events.fill("messages.upsert, call")
      await events.press("Enter")
      await eventually(() => line(page, "connection.update").count()).toBe(0)
      await isLive(page)
      world().evolution.emit("sul", "presence.update", { id: "1@s.whatsapp.net" })
      send("sul", "um pedido de pizza")
      await line(page, "um pedido de pizza").waitFor()
      expect(await line(page, "presence.update").count()).toBe(0)

      await search(page, "PIZZA")
      await eventually(() => lines(page).count()).toBe(1)
      await search(page, "")
      await eventually(() => lines(page).count()).toBe(2)
    })
  })

  it("does not change while paused, and shows the waiting events afterwards", async () => {
    await world().link("pausa")
    await world().visit("/monitor?instance=pausa&event=messages.upsert", async (page) => {
      await isLive(page)
      send("pausa", "antes")
      await line(page, "antes").waitFor()

      await page.getByRole("button", { name: "Pause" }).click()
      for (let number = 1; number <= 12; number++) send("pausa", `durante ${number}`)
      await page.getByText("12 wait", { exact: true }).waitFor()
      expect(await lines(page).count()).toBe(1)

      await page.getByRole("button", { name: "Resume" }).click()
      await eventually(() => lines(page).count()).toBe(13)
      expect(await page.getByText("12 wait", { exact: true }).count()).toBe(0)

      await page.getByRole("button", { name: "Clear" }).click()
      await eventually(() => lines(page).count()).toBe(0)
    })
  })
})
