import { expect, it } from "@effect/vitest"
import { textMessage } from "../../../src/Testing/mod.ts"
import { inBrowser } from "../../support/Browser/Suite.ts"
import { useWorld } from "./useWorld.ts"

const world = useWorld()
const shop = "loja-9"

/** Messages that Evolution stored, and that nobody heard: two of the last day, and an older one. */
const storeUnheard = () => {
  const { evolution } = world()
  evolution.add(shop, { state: "open", ownerJid: "5511999990009@s.whatsapp.net" })
  evolution.deafen(shop, true)
  for (const hours of [100, 20, 2]) {
    const message = textMessage(`${hours} h ago`, { name: "Ana", phone: "5511988887777" })
    const messageTimestamp = message.messageTimestamp - hours * 3600
    evolution.emit(shop, "messages.upsert", { ...message, messageTimestamp })
  }
  evolution.deafen(shop, false)
}

inBrowser("the page of an instance", () => {
  it("imports the messages of a time before, and shows the progress among the gaps", async () => {
    storeUnheard()
    // An event of an unknown instance makes the service ask for all.
    world().evolution.emit(shop, "presence.update", {})
    await world().visit(
      `/instances/${shop}/view`,
      async (page) => {
        const errors = page.getByRole("region", { name: "Last errors" })
        await page.getByRole("heading", { name: "Status" }).waitFor()
        await page.getByLabel("Messages of the last").selectOption("24")
        await page.getByRole("button", { name: "Import" }).click()
        const entry = errors.getByRole("listitem").filter({ hasText: "Import of earlier messages" })
        await entry.getByText("2 messages fetched again").waitFor()
        await entry.getByText("Recovered", { exact: true }).waitFor()
        await page.getByLabel("Messages of the last").selectOption("168")
        await page.getByRole("button", { name: "Import" }).click()
        await entry.nth(1).waitFor()
        // The list is by the begin, newest first.
        await entry.last().getByText("1 message fetched again").waitFor()
        expect(await entry.count()).toBe(2)
      },
      { expected: /404/ }
    )
  })
})
