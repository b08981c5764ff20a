import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Locator, Page } from "playwright-core"
import { findings } from "../../support/Axe.ts"
import { eventually, inBrowser } from "../../support/Browser/Suite.ts"
import { visit } from "../../support/Browser.ts"
import { replica, testDatabaseUrl, world } from "../Peers/House.ts"
import { key } from "../Service.ts"
import { use, useWorld } from "./useWorld.ts"
import { isLive, overflows, signIn } from "./World.ts"

/** Two replicas; the first one owns both servers. */
const replicas = use(
  Effect.gen(function* () {
    if (testDatabaseUrl === "") return undefined
    const { give, shared } = yield* world(["eu", "br"])
    const one = yield* replica(shared)
    const two = yield* replica(shared)
    yield* give("eu", one)
    yield* give("br", one)
    return { one, two }
  })
)
const alone = useWorld()

const both = () => {
  const found = replicas()
  if (found === undefined) throw new Error("There is no Postgres")
  return found
}

const look = (test: (page: Page) => Promise<void>, options = {}) => {
  const { url } = both().two
  return visit({ origins: [url], ...options }, async (page) => {
    await page.goto(`${url}/replicas`)
    await test(page)
  })
}

const signedIn = (test: (page: Page) => Promise<void>) =>
  look(async (page) => {
    await signIn(page, key)
    await test(page)
  })

const card = (page: Page, list: string, title: string): Locator =>
  page
    .locator(`#${list} li`)
    .filter({ has: page.getByRole("heading", { level: 3 }).filter({ hasText: title }) })

inBrowser("the page of replicas", () => {
  it.skipIf(testDatabaseUrl === "")(
    "shows who owns what, and hands a server over by keyboard, once that is confirmed",
    () =>
      signedIn(async (page) => {
        const { one, two } = both()
        const [hostOfOne, hostOfTwo] = [one, two].map(({ url }) => new URL(url).host)
        await card(page, "servers", "eu").getByText("Listened to").waitFor()
        await card(page, "servers", "br").getByText(String(hostOfOne)).waitFor()
        await card(page, "replicas", String(hostOfOne)).getByText("eu, br").waitFor()
        await card(page, "replicas", String(hostOfTwo)).getByText("no server").waitFor()
        await card(page, "replicas", "it answers this page").getByText("Lives").waitFor()
        const before = (await two.call("GET", "/cluster").pipe(Effect.runPromise)).json

        await page.getByRole("button", { name: "Hand over br" }).focus()
        await page.keyboard.press("Enter")
        const dialog = page.getByRole("dialog", { name: "Hand over br" })
        await dialog.getByText("No event is missed").waitFor()
        await page.keyboard.press("Escape")
        await dialog.waitFor({ state: "detached" })
        const after = (await two.call("GET", "/cluster").pipe(Effect.runPromise)).json
        expect(after.servers).toMatchObject(
          before.servers.map(({ epoch, owner }: { epoch: number; owner: string }) => ({
            epoch,
            owner
          }))
        )

        await page.keyboard.press("Enter")
        await dialog.getByRole("button", { name: "Hand over" }).waitFor()
        await page.keyboard.press("Enter")
        await page.getByText(`“br” goes to ${hostOfTwo}`).waitFor()
        await card(page, "servers", "br").getByText(String(hostOfTwo)).waitFor()
        await eventually(() =>
          card(page, "replicas", "it answers this page").textContent()
        ).toMatch(/Ownsbr/)
        await card(page, "replicas", String(hostOfOne)).getByText("eu", { exact: true }).waitFor()
      }),
    60_000
  )

  it.skipIf(testDatabaseUrl === "")(
    "has nothing serious for axe-core to find, and fits into 360 px",
    () =>
      signedIn(async (page) => {
        await card(page, "servers", "eu").getByText("Listened to").waitFor()
        const expectNothing = async () => {
          for (const colorScheme of ["light", "dark"] as const) {
            await page.emulateMedia({ colorScheme })
            expect([colorScheme, await findings(page)]).toEqual([colorScheme, []])
          }
        }
        await expectNothing()
        await page.getByRole("button", { name: "Hand over eu" }).click()
        await page.getByRole("dialog").waitFor()
        await expectNothing()
        await page.setViewportSize({ width: 360, height: 740 })
        expect(await overflows(page)).toBe(false)
      }),
    60_000
  )

  it.skipIf(testDatabaseUrl === "").each([
    ["pt-BR", "Chave de API", "Entrar", "Os servidores e suas donas", "Transferir eu"],
    ["es-MX", "Clave de API", "Entrar", "Los servidores y sus dueñas", "Traspasar eu"]
  ])("speaks to a reader of %s", (locale, keyLabel, enter, heading, command) =>
    look(
      async (page) => {
        await page.getByLabel(keyLabel).fill(key)
        await page.getByRole("button", { name: enter }).click()
        await page.getByRole("heading", { name: heading, level: 2 }).waitFor()
        await page.getByRole("button", { name: command }).waitFor()
      },
      { locale }
    )
  )

  it.skipIf(testDatabaseUrl === "")("is linked from the other pages", () =>
    signedIn(async (page) => {
      await page.getByRole("link", { name: "Instances" }).click()
      await isLive(page)
      await page.getByRole("link", { name: "Replicas" }).click()
      await page.getByRole("heading", { name: "Replicas", level: 1 }).waitFor()
      await isLive(page)
    })
  )

  it("is not linked where there is one process, which it shows all the same", async () => {
    await alone().visit("/", async (page) => {
      await isLive(page)
      await page.getByText("No instance yet").waitFor()
      expect(await page.getByRole("link", { name: "Replicas" }).count()).toBe(0)
    })
    await alone().visit(
      "/replicas",
      async (page) => {
        await card(page, "servers", "default").getByText("Listened to").waitFor()
        await page.getByRole("button", { name: "Hand over default" }).click()
        await page.getByRole("dialog").getByRole("button", { name: "Hand over" }).click()
        await page.getByText("no other replica lives and reaches it").waitFor()
      },
      { expected: /409/ }
    )
  })
})
