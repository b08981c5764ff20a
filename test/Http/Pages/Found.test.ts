import { expect, it } from "@effect/vitest"
import { eventually, inBrowser } from "../../support/Browser/Suite.ts"
import { useWorld } from "./useWorld.ts"
import { rowOf } from "./World.ts"

const world = useWorld()
const count = 400

inBrowser("the dashboard of a service that finds instances at Evolution", () => {
  it("shows 400 of them with phone and state, without a reload", () =>
    world().visit("/", async (page) => {
      const { evolution } = world()
      let loads = 0
      page.on("load", () => loads++)
      for (let number = 1; number <= count; number++)
        evolution.add(`loja-${number}`, {
          ownerJid: `55119${String(number).padStart(8, "0")}@s.whatsapp.net`,
          profileName: `Loja ${number}`,
          state: "open"
        })
      // An event of one makes the service ask for all.
      evolution.emit("loja-1", "presence.update", {})
      await eventually(() => page.locator("#instances tbody tr:not(.group)").count()).toBe(count)
      const row = rowOf(page, "loja-77")
      await row.getByText("Loja 77 · +5511900000077").waitFor()
      await row.getByText("Connected", { exact: true }).waitFor()
      await row.getByText("Listening", { exact: true }).waitFor()
      // The list stays usable.
      await page.locator("#filter").fill("loja-39")
      await eventually(() => page.locator("#instances tbody tr:not(.group)").count()).toBe(11)
      expect(loads).toBe(0)
    }))
})
