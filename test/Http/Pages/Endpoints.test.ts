import { expect, it } from "@effect/vitest"
import type { Locator, Page } from "playwright-core"
import { findings } from "../../support/Axe.ts"
import { eventually, inBrowser } from "../../support/Browser/Suite.ts"
import { key } from "../Service.ts"
import { use } from "./useWorld.ts"
import { scopedWithReceiver } from "./WithReceiver.ts"
import { isLive, overflows, rowOf, signIn } from "./World.ts"

const world = use(scopedWithReceiver())
const path = "/deliveries"

const dialogOf = (page: Page): Locator => page.getByRole("dialog", { name: "New webhook" })

inBrowser("the page of endpoints", () => {
  it("makes a webhook by keyboard, shows its secret once, and lists what is delivered to it", async () => {
    await world().link("loja")
    await world().visit(path, async (page) => {
      await page.getByText("No endpoint yet").waitFor()
      await page.getByRole("button", { name: "New webhook" }).focus()
      await page.keyboard.press("Enter")
      await dialogOf(page).getByLabel("Name").waitFor()
      await page.keyboard.type("n8n")
      await page.keyboard.press("Tab")
      await page.keyboard.type(world().hook("/n8n"))
      await dialogOf(page).getByLabel("Body").selectOption("thin")
      await dialogOf(page).getByLabel("Events").fill("messages.upsert, MESSAGES_UPDATE")
      await page.keyboard.press("Enter")
      const secret = dialogOf(page).getByLabel("Signing secret")
      await secret.waitFor()
      const value = await secret.inputValue()
      expect(value).toMatch(/^whsec_/)
      // A press beside the dialog would lose it.
      await page.mouse.click(3, 3)
      expect(await secret.inputValue()).toBe(value)
      await dialogOf(page).getByRole("button", { name: "Close" }).click()
      await dialogOf(page).waitFor({ state: "detached" })
      await rowOf(page, "n8n").getByText("Delivers").waitFor()
      await rowOf(page, "n8n").getByText(`Webhook · 127.0.0.1:${world().receiver.port}`).waitFor()
      expect(await page.content()).not.toContain(value)

      world().say("loja", "Olá")
      await eventually(() => world().received("/n8n")).toEqual(["messages.upsert"])
      await eventually(() => rowOf(page, "n8n").getByRole("cell").nth(2).textContent()).toBe("1")
    })
    const { json } = await world().call("GET", "/endpoints")
    expect(json).toMatchObject([
      { name: "n8n", shape: "thin", events: ["messages.upsert", "messages.update"] }
    ])
  })

  it("says at the field why a webhook was refused", async () => {
    await world().webhook("taken")
    await world().visit(
      path,
      async (page) => {
        await page.getByRole("button", { name: "New webhook" }).click()
        const dialog = dialogOf(page)
        const send = dialog.getByRole("button", { name: "Create" })
        const refused = async (label: string, words: string) => {
          await send.click()
          const field = dialog.getByLabel(label)
          await dialog.getByText(words).waitFor()
          expect(await field.getAttribute("aria-invalid")).toBe("true")
          const focused = await page.evaluate<string>("document.activeElement.id")
          expect(await field.getAttribute("id")).toBe(focused)
          const described = await field.getAttribute("aria-describedby")
          const [problem = ""] = described?.split(" ") ?? []
          expect(await page.locator(`[id="${problem}"]`).textContent()).toContain(words)
        }
        await refused("Name", "A name has 1 to 100 characters")
        await dialog.getByLabel("Name").fill("taken")
        await refused("Address", "Write the whole address")
        await dialog.getByLabel("Address").fill("http://10.0.0.7/hook")
        await refused("Address", "Cannot be reached")
        await dialog.getByLabel("Address").fill(world().hook("/taken"))
        await dialog.getByLabel("Events").fill("messages.upsert, $")
        await refused("Events", 'such as "messages.upsert"')
        await dialog.getByLabel("Events").fill("")
        await refused("Name", 'Another endpoint has the name "taken"')
        expect(await dialog.locator('[aria-invalid="true"]').count()).toBe(1)
      },
      { expected: /400|409/ }
    )
  })

  it("shows the blocked endpoint first, with the reason, and finds it by its state", async () => {
    world().receiver.answer("/z-blocked", 503)
    await world().webhook("z-blocked", { instances: ["fora-*"] })
    await world().webhook("a-well")
    // Five lanes that fail are enough to leave the receiver in peace.
    for (let n = 1; n <= 5; n++) await world().link(`fora-${n}`)
    await world().visit(path, async (page) => {
      const row = rowOf(page, "z-blocked")
      await row.getByText("Blocked", { exact: true }).waitFor()
      await row.getByText("the receiver asks for time (503)").waitFor()
      await row.getByText(/again in \d+ s/).waitFor()
      await row.getByText(/^≥ \d+$/).waitFor()
      await page.getByText("1 in trouble").waitFor()
      expect(await page.getByRole("rowheader").first().textContent()).toContain("z-blocked")
      await page.getByLabel("Filter by name, host or state").fill("block")
      await eventually(() => page.getByRole("rowheader").count()).toBe(1)
      await page.getByLabel("Filter by name, host or state").fill("a-WELL")
      await eventually(() => page.getByRole("rowheader").count()).toBe(1)
      await page.getByText("1 endpoint", { exact: true }).waitFor()
      await page.getByLabel("Filter by name, host or state").fill("nothing of that kind")
      await page.getByText("No endpoint has this").waitFor()
    })
  })

  it("offers no new webhook to a key that may only read, and shows what it may see", async () => {
    await world().webhook("seen", { instances: ["loja-*"] })
    await world().webhook("unseen")
    const reader = await world().keyOf("read", { instances: ["loja-*"] })
    await world().look(path, async (page) => {
      await signIn(page, reader)
      await rowOf(page, "seen").waitFor()
      expect(await page.getByRole("rowheader").count()).toBe(1)
      expect(await page.getByRole("button", { name: "New webhook" }).count()).toBe(0)
    })
  })

  it("never asks while the tab is hidden, and asks at once when it is seen again", () =>
    world().visit(path, async (page) => {
      await isLive(page)
      await page.clock.install()
      const asked: Array<string> = []
      page.on("request", (request) => asked.push(new URL(request.url()).pathname))
      const see = (state: string) =>
        page.evaluate(
          `Object.defineProperty(document, "visibilityState", { configurable: true, value: "${state}" }), document.dispatchEvent(new Event("visibilitychange"))`
        )
      await see("hidden")
      await page.clock.runFor(60_000)
      expect(asked).toEqual([])
      await see("visible")
      await eventually(() => asked).toContain("/endpoints")
    }))

  it("draws two hundred of a thousand, and all of them if asked to", () =>
    world().visit(path, async (page) => {
      await world().webhook("one-of-many")
      const { json } = await world().call("GET", "/endpoints")
      const [one] = Array.isArray(json) ? json : []
      const many = Array.from({ length: 1000 }, (_, n) => ({
        ...one,
        id: String(one.id).replace(/^.{4}/, String(1000 + n)),
        name: `shop-${n}`,
        ...(n === 999 && {
          state: "disabled",
          reason: "The receiver wants no more messages (410)"
        })
      }))
      await page.route(/\/endpoints$/, (route) => route.fulfill({ json: many }))
      await page.getByText("1,000 endpoints").waitFor()
      const rows = page.getByRole("rowheader")
      expect(await rows.count()).toBe(200)
      expect(await rows.first().textContent()).toContain("shop-999")
      await page.getByLabel("Filter by name, host or state").fill("shop-87")
      await eventually(() => rows.count()).toBe(11)
      await page.getByLabel("Filter by name, host or state").fill("")
      await page.getByRole("button", { name: "Show all" }).click()
      expect(await rows.count()).toBe(1000)
    }))

  it("shows a broker by the name of its variable, and never its address", async () => {
    await world().call("POST", "/endpoints", {
      name: "broker",
      target: { type: "rabbitmq", url: { env: "DELIVERY_BROKER" }, exchange: "events" }
    })
    await world().visit(path, async (page) => {
      await rowOf(page, "broker").getByText("RabbitMQ · DELIVERY_BROKER").waitFor()
      expect(await page.content()).not.toContain("secret-of-the-broker")
    })
  })

  it("has nothing serious for axe-core to find, fits into 360 px, and is linked from the others", async () => {
    await world().webhook("acesso")
    await world().visit("/", async (page) => {
      await page.getByRole("link", { name: "Endpoints" }).click()
      await rowOf(page, "acesso").waitFor()
      const expectNothing = async () => {
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme })
          expect([colorScheme, await findings(page)]).toEqual([colorScheme, []])
        }
      }
      await expectNothing()
      await page.setViewportSize({ width: 360, height: 740 })
      expect(await overflows(page)).toBe(false)
      await expectNothing()
      await page.getByRole("button", { name: "New webhook" }).click()
      await dialogOf(page).waitFor()
      await expectNothing()
    })
  })

  it.each([
    ["pt-BR", "Chave de API", "Entrar", "Destinos", "Novo webhook", "Entrega"],
    ["es-MX", "Clave de API", "Entrar", "Destinos", "Nuevo webhook", "Entrega"]
  ])("speaks to a reader of %s", async (locale, keyLabel, enter, heading, command, state) => {
    await world().webhook(`de-${locale}`)
    await world().look(
      path,
      async (page) => {
        await page.getByLabel(keyLabel).fill(key)
        await page.getByRole("button", { name: enter }).click()
        await page.getByRole("heading", { name: heading, level: 1 }).waitFor()
        await page.getByRole("button", { name: command }).waitFor()
        await rowOf(page, `de-${locale}`).getByText(state).waitFor()
      },
      { locale }
    )
  })
})
