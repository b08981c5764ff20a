import { expect, it } from "@effect/vitest"
import type { Page } from "playwright-core"
import { findings } from "../../../support/Axe.ts"
import { eventually, inBrowser } from "../../../support/Browser/Suite.ts"
import { key } from "../../Service.ts"
import { use } from "../useWorld.ts"
import { scopedWithReceiver } from "../WithReceiver.ts"
import { isLive, overflows, rowOf, signIn } from "../World.ts"

const world = use(scopedWithReceiver())

/** An endpoint that is blocked: five lanes failed. */
const blocked = async (name: string) => {
  world().receiver.answer(`/${name}`, 500)
  const made = await world().webhook(name, {
    instances: [`${name}-*`],
    target: {
      type: "webhook",
      url: world().hook(`/${name}`),
      headers: { authorization: "Bearer value-of-the-header" }
    }
  })
  for (let n = 1; n <= 5; n++) await world().link(`${name}-${n}`)
  await eventually(async () => {
    const { text } = await world().call("GET", `/endpoints/${made.id}`)
    return text
  }).toContain('"breaker":"open"')
  return made
}

const sentence = (page: Page) => page.locator("#sentence")

inBrowser("the page of an endpoint", () => {
  it("says why it is blocked, since when and until when, and leads to the event that fails", async () => {
    const { id } = await blocked("crm")
    await world().visit("/deliveries", async (page) => {
      await page.getByRole("link", { name: "crm" }).click()
      await page.getByRole("heading", { name: "crm", level: 1 }).waitFor()
      await page.waitForURL(`**/deliveries/${id}`)
      await eventually(() => sentence(page).textContent()).toMatch(
        /^Blocked since .*: the receiver answered 500\. Tried again at .* with the oldest event; all others wait\.$/
      )
      const lanes = page.getByRole("table", { name: "Lanes" })
      expect(await lanes.getByRole("rowheader").allTextContents()).toEqual(
        [1, 2, 3, 4, 5].map((n) => `crm-${n}`)
      )
      await lanes.getByText("the receiver answered 500").first().waitFor()

      const first = lanes.getByRole("row").filter({ hasText: "crm-1" })
      await first.getByRole("button", { name: /^Show event \d+$/ }).focus()
      await page.keyboard.press("Enter")
      const dialog = page.getByRole("dialog", { name: /^Event \d+$/ })
      await dialog.getByText('"instance": "crm-1"').waitFor()
      await dialog.getByRole("link", { name: "Page of crm-1" }).click()
      await page.waitForURL("**/instances/crm-1/view")
    })
  })

  it("shows the last failed attempts with what the receiver said, to an admin alone", async () => {
    const { id } = await blocked("erp")
    const attempts = (page: Page) => page.getByRole("table", { name: "Last failed attempts" })
    await world().visit(`/deliveries/${id}`, async (page) => {
      const newest = attempts(page).getByRole("row").nth(1)
      await newest.getByText("Refused").waitFor()
      await newest
        .getByText("the receiver answered 500 · 127.0.0.1 · “said by the receiver”")
        .waitFor()
      await newest.getByText(/^\d+ ms$/).waitFor()
      expect(await page.content()).not.toContain("value-of-the-header")
      await page.locator("#settings").getByText("authorization: …").waitFor()
    })
    const operator = await world().keyOf("operate")
    await world().look(`/deliveries/${id}`, async (page) => {
      await signIn(page, operator)
      await attempts(page).getByText("the receiver answered 500").first().waitFor()
      expect(await page.content()).not.toContain("said by the receiver")
    })
  })

  it("goes over to the new state by itself when the receiver is back", async () => {
    const { id } = await world().webhook("back", { instances: ["back"], retryDelays: [1] })
    world().receiver.answer("/back", 500)
    await world().link("back")
    await world().visit(`/deliveries/${id}`, async (page) => {
      await eventually(() => sentence(page).textContent()).toMatch(/^1 lane fails since/)
      world().receiver.answer("/back", 200)
      await eventually(() => sentence(page).textContent()).toMatch(/^Events are delivered/)
      await page.getByText("No lane fails").waitFor()
      const ended = page
        .getByRole("table", { name: "Last failed attempts" })
        .getByRole("row")
        .nth(1)
      await ended.getByText("Delivered").waitFor()
    })
  })

  it("says of one lane that fails that the others go on, there and in the list", async () => {
    world().receiver.answer("/one", 422, /"bad-instance"/)
    const { id } = await world().webhook("one", {
      instances: ["bad-instance", "good-instance"],
      events: ["messages.upsert"]
    })
    for (const name of ["bad-instance", "good-instance"]) await world().link(name)
    world().say("bad-instance", "a")
    await eventually(() => world().received("/one").length).toBe(1)
    world().say("good-instance", "b")
    await eventually(() => world().received("/one").length).toBe(2)
    await world().visit(`/deliveries/${id}`, async (page) => {
      await eventually(() => sentence(page).textContent()).toMatch(
        /^1 lane fails since .*: the receiver answered 422\. All other events go on\.$/
      )
      await page
        .getByRole("status")
        .filter({ hasText: /^Failing$/ })
        .waitFor({ state: "attached" })
      await page.getByRole("link", { name: "Endpoints" }).click()
      await rowOf(page, "one").getByText("1 lane fails").waitFor()
      await rowOf(page, "one")
        .getByText(/again in \d+ s/)
        .waitFor()
    })
  })

  it("offers a key that may only read no command", async () => {
    const { id } = await world().webhook("read-only", { instances: ["loja-*"] })
    const reader = await world().keyOf("read", { instances: ["loja-*"] })
    await world().look(`/deliveries/${id}`, async (page) => {
      await signIn(page, reader)
      await page.getByText("Nothing was delivered yet").waitFor()
      await page.getByText("No replay yet").waitFor()
      const names = await page.getByRole("button").allTextContents()
      expect(names.filter((name) => name !== "Sign out")).toEqual([])
    })
  })

  it("lets a key without the scope pause a broker, and says why it cannot delete it", async () => {
    const { json } = await world().call("POST", "/endpoints", {
      name: "rabbit",
      target: { type: "rabbitmq", url: { env: "DELIVERY_BROKER" }, exchange: "events" }
    })
    const { id } = Object(json)
    const operator = await world().keyOf("operate")
    await world().look(`/deliveries/${id}`, async (page) => {
      await signIn(page, operator)
      await page.getByText("only an admin key without bounds changes or deletes it").waitFor()
      await page.getByRole("button", { name: "Pause" }).waitFor()
      for (const name of ["Delete", "Change", "New secret"])
        expect(await page.getByRole("button", { name }).count(), name).toBe(0)
      await page.locator("#settings").getByText("RabbitMQ · DELIVERY_BROKER · events").waitFor()
      expect(await page.content()).not.toContain("secret-of-the-broker")
    })
  })

  it("says of an endpoint of the file where it is changed, and lets it be paused", async () => {
    const target = { type: "webhook", url: world().hook("/of-the-file") } as const
    const { id } = await world().fromFile({ name: "of the file", instances: ["nobody"], target })
    await world().visit(`/deliveries/${id}`, async (page) => {
      await page.getByText("It stands in ENDPOINTS_FILE").waitFor()
      for (const name of ["Send a test", "Replay", "New secret", "Pause"])
        await page.getByRole("button", { name }).waitFor()
      for (const name of ["Delete", "Change"])
        expect(await page.getByRole("button", { name }).count(), name).toBe(0)
      await page.getByRole("link", { name: "Endpoints" }).click()
      await rowOf(page, "of the file").getByText("from the file").waitFor()
    })
  })

  it("says that there is no such endpoint", async () => {
    const nobody = "8b1ea8e2-0b4f-4d7e-9d3c-1a6f4a8f2a11"
    await world().visit(
      `/deliveries/${nobody}`,
      (page) => page.getByText(`There is no endpoint "${nobody}"`).waitFor(),
      { expected: /404/ }
    )
  })

  it("has nothing serious for axe-core to find, and fits into 360 px, with its dialogs", async () => {
    const { id } = await blocked("acesso")
    await world().visit(`/deliveries/${id}`, async (page) => {
      await page.getByRole("table", { name: "Last failed attempts" }).waitFor()
      const expectNothing = async (where: string) => {
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme })
          expect([where, colorScheme, await findings(page)]).toEqual([where, colorScheme, []])
        }
        expect([where, await overflows(page)]).toEqual([where, false])
      }
      await expectNothing("wide")
      await page.setViewportSize({ width: 360, height: 740 })
      await expectNothing("narrow")
      for (const name of ["Send a test", "Replay", "New secret", "Delete", "Change"]) {
        await page.getByRole("button", { name }).click()
        await page.getByRole("dialog").waitFor()
        await expectNothing(name)
        await page.keyboard.press("Escape")
        await page.getByRole("dialog").waitFor({ state: "detached" })
      }
      await page
        .getByRole("button", { name: /^Show event/ })
        .first()
        .click()
      await page.getByRole("dialog").getByText('"event"').waitFor()
      await expectNothing("event")
    })
  })

  it.each([
    ["pt-BR", "Chave de API", "Entrar", "Nada foi entregue ainda", "Enviar um teste"],
    ["es-MX", "Clave de API", "Entrar", "Todavía no se ha entregado nada", "Enviar una prueba"]
  ])("speaks to a reader of %s", async (locale, keyLabel, enter, words, command) => {
    const { id } = await world().webhook(`de-${locale}`, { instances: ["nobody"] })
    await world().look(
      `/deliveries/${id}`,
      async (page) => {
        await page.getByLabel(keyLabel).fill(key)
        await page.getByRole("button", { name: enter }).click()
        await page.getByText(words).waitFor()
        await page.getByRole("button", { name: command }).waitFor()
      },
      { locale }
    )
  })

  it("is gone from the list when it is deleted by somebody else, and says so", async () => {
    const { id } = await world().webhook("short-lived", { instances: ["nobody"] })
    await world().visit(
      `/deliveries/${id}`,
      async (page) => {
        await isLive(page)
        await world().call("DELETE", `/endpoints/${id}`)
        await page.getByText(`There is no endpoint "${id}"`).waitFor()
        await page.getByRole("link", { name: "Endpoints" }).click()
        await rowOf(page, "crm").waitFor()
        expect(await rowOf(page, "short-lived").count()).toBe(0)
      },
      { expected: /404/ }
    )
  })
})
