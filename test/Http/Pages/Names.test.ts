import { expect, it } from "@effect/vitest"
import { textMessage } from "../../../src/Testing/mod.ts"
import { eventually, inBrowser } from "../../support/Browser/Suite.ts"
import { readShownQr } from "../../support/QrReader.ts"
import { useWorld } from "./useWorld.ts"
import { isLive, pairingPath, rowOf } from "./World.ts"

const world = useWorld()
const name = "a b/ç%20👍"

inBrowser("a name of any characters", () => {
  it("is created by the form, listed, followed to its view, and stopped by its button", () =>
    world().visit("/", async (page) => {
      const { evolution } = world()
      const form = page.getByRole("form", { name: "New instance" })
      await form.getByRole("textbox", { name: "Name", exact: true }).fill(name)
      await form.getByRole("button", { name: "Create" }).click()
      await page.getByRole("dialog", { name: `QR code of ${name}` }).waitFor()
      expect(evolution.instance(name).state).toBe("connecting")
      const dialog = page.getByRole("dialog")
      // A code that is scanned while the page asks for it is a 404.
      await dialog.getByRole("img", { name: "QR code" }).waitFor()
      evolution.scan(name)
      await dialog.getByText("Connected as +55").waitFor()
      await dialog.getByRole("button", { name: "Close" }).click()

      // Its buttons are described by its name, though an id has no spaces.
      const row = rowOf(page, name)
      const stop = row.getByRole("button", { name: "Stop" })
      const id = await stop.getAttribute("aria-describedby")
      expect(await page.locator(`[id="${id}"]`).textContent()).toBe(name)
      await stop.click()
      await row.getByText("Stopped").first().waitFor()
      await row.getByRole("button", { name: "Start" }).click()

      await page.getByRole("link", { name, exact: true }).click()
      await page.getByRole("heading", { name }).waitFor()
      expect(await page.title()).toBe(name)
      await page.getByRole("region", { name: "Profile" }).getByText("+5511999990001").waitFor()
    }))

  it("filters the monitor, and shows the events of this instance alone", () =>
    world().visit(`/monitor?instance=${encodeURIComponent(name)}`, async (page) => {
      const { evolution } = world()
      await world().link("another")
      await isLive(page)
      const message = textMessage("Olá", { name: "Ana", phone: "5511988887777" })
      evolution.emit("another", "messages.upsert", message)
      evolution.emit(name, "messages.upsert", message)
      const lines = page.getByRole("listbox", { name: "Events heard" }).getByRole("option")
      await lines.filter({ hasText: "messages.upsert" }).first().waitFor()
      await eventually(() => lines.filter({ hasText: "another" }).count()).toBe(0)
      await lines.filter({ hasText: name }).first().waitFor()
    }))

  it("has a pairing page that shows its code", async () => {
    await world().call("DELETE", `/instances/${encodeURIComponent(name)}`)
    await world().create(name)
    await world().look(await pairingPath(world(), name), async (page) => {
      const image = page.getByRole("img", { name: "QR code" })
      await eventually(() => readShownQr(image)).toBe(world().evolution.instance(name).qr?.code)
    })
  })

  it("of an accent in two forms is two rows, and the filter finds both", () =>
    world().visit("/", async (page) => {
      const both = ["NFC", "NFD"].map((form) => "José".normalize(form))
      for (const one of both) await world().create(one)
      await page.getByLabel("Filter by name").fill("josé".normalize("NFD"))
      await eventually(() => page.getByRole("row").filter({ hasText: /Jos/ }).count()).toBe(2)
    }))

  it("that no address can carry is shown without a link", () =>
    world().visit("/", async (page) => {
      const { evolution } = world()
      evolution.add("..")
      evolution.emit("..", "instance.create", { instanceName: ".." })
      await page.getByRole("rowheader").filter({ hasText: /^\.\./ }).waitFor()
      expect(await page.getByRole("link", { name: "..", exact: true }).count()).toBe(0)
    }))
})
