import { expect, it } from "@effect/vitest"
import type { Page } from "playwright-core"
import { textMessage } from "../../../src/Testing/mod.ts"
import { eventually, inBrowser } from "../../support/Browser/Suite.ts"
import { useWorld } from "./useWorld.ts"
import { isLive, pairingPath, rowOf } from "./World.ts"

/** Text that runs where it is taken for HTML; each leaves a trace of its own. */
const hostile = (place: string) =>
  `"><img src=x onerror="window.__xss='${place}'"><svg onload="window.__xss='${place}'"><script>window.__xss='${place}'</script>`

/** Nothing of it became an element, and nothing ran. */
const expectHarmless = async (page: Page): Promise<void> => {
  expect(
    await page.locator("img[src=x], [onerror], [onload], body script:not([src])").count()
  ).toBe(0)
  expect(await page.evaluate("window.__xss")).toBeUndefined()
}

const world = useWorld()

inBrowser("text from WhatsApp and from Evolution", () => {
  it("stays text in the dashboard, in an instance's view and in the monitor", async () => {
    const { evolution } = world()
    await world().create("alvo")
    evolution.instance("alvo").profileName = hostile("profile")
    evolution.instance("alvo").ownerJid = "5511999990001@s.whatsapp.net"
    evolution.emit("alvo", "connection.update", {
      instance: "alvo",
      state: "open",
      statusReason: 200,
      wuid: "5511999990001@s.whatsapp.net",
      profileName: hostile("profile"),
      profilePictureUrl: `javascript:${hostile("picture")}`
    })

    await world().visit("/", async (page) => {
      await rowOf(page, "alvo").getByText(hostile("profile")).waitFor()
      await expectHarmless(page)
    })
    await world().visit("/instances/alvo/view", async (page) => {
      const profile = page.getByRole("region", { name: "Profile" })
      await profile.getByText(hostile("profile")).waitFor()
      await expectHarmless(page)
    })
    await world().visit("/monitor?instance=alvo", async (page) => {
      await isLive(page)
      evolution.emit(
        "alvo",
        "messages.upsert",
        textMessage(hostile("text"), { name: hostile("pushName"), phone: "5511988887777" })
      )
      evolution.emit("alvo", hostile("event"), { [hostile("field")]: hostile("value") })
      const lines = page.getByRole("listbox", { name: "Events heard" }).getByRole("option")
      const chosen = page.getByRole("region", { name: "Chosen event" }).locator("pre")
      await lines.filter({ hasText: "messages.upsert" }).first().click()
      await eventually(() => chosen.textContent()).toContain("__xss='pushName'")
      await expectHarmless(page)
      await lines.filter({ hasText: "__xss='event'" }).first().click()
      await eventually(() => chosen.textContent()).toContain("__xss='value'")
      await expectHarmless(page)
    })
  })

  it("stays text where a code to type is expected", async () => {
    await world().create("codigo")
    world().evolution.emit("codigo", "qrcode.updated", {
      qrcode: {
        instance: "codigo",
        pairingCode: hostile("code"),
        code: hostile("qr"),
        base64: null
      }
    })
    await world().visit("/", async (page) => {
      await rowOf(page, "codigo").getByRole("button", { name: "Show QR code" }).click()
      await page.getByRole("dialog").getByText("<img").waitFor()
      await expectHarmless(page)
    })
    await world().look(await pairingPath(world(), "codigo"), async (page) => {
      await page.getByText("<img").waitFor()
      await expectHarmless(page)
    })
  })

  it("stays text when it is the reason why something failed", async () => {
    const { evolution } = world()
    await world().create("recusada")
    evolution.refuse({ status: 403, body: hostile("refusal") })
    evolution.drop()
    try {
      await world().visit(
        "/",
        async (page) => {
          await rowOf(page, "recusada").getByText("<img src=x").waitFor()
          await expectHarmless(page)
          const form = page.getByRole("form", { name: "New instance" })
          await form.getByRole("textbox", { name: "Name", exact: true }).fill("nova")
          await form.getByRole("button", { name: "Create" }).click()
          await page.getByRole("alert").filter({ hasText: "nova" }).waitFor()
          await expectHarmless(page)
        },
        { expected: /status of [45]\d\d/ }
      )
      await world().visit("/instances/recusada/view", async (page) => {
        const errors = page.getByRole("region", { name: "Last errors" })
        await errors.getByText("<img src=x").first().waitFor()
        await expectHarmless(page)
      })
    } finally {
      evolution.refuse(undefined)
    }
  })
})
