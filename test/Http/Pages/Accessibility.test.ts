import { expect, it } from "@effect/vitest"
import type { Page } from "playwright-core"
import { textMessage } from "../../../src/Testing/mod.ts"
import { findings } from "../../support/Axe.ts"
import { inBrowser } from "../../support/Browser/Suite.ts"
import { key } from "../Service.ts"
import { useWorld } from "./useWorld.ts"
import { isLive, overflows, pairingPath, rowOf, signIn } from "./World.ts"

const world = useWorld()

inBrowser("the accessibility of the pages", () => {
  let ready: Promise<void> | undefined

  /** Something of everything to look at. */
  const populate = async () => {
    const { evolution } = world()
    await world().create("acesso-qr", "5511999990002")
    await world().link("acesso")
    await world().create("acesso-fora")
    evolution.logout("acesso-fora")
    evolution.emit(
      "acesso",
      "messages.upsert",
      textMessage("Olá", { name: "Ana", phone: "5511988887777" })
    )
    await world().call("POST", "/instances/acesso-fora/stop")
  }
  /** With a code of now: it is worth a look for a minute. */
  const populated = async () => {
    ready ??= populate()
    await ready
    await world().evolution.showQr("acesso-qr")
  }

  /** Each page, signed in, with what it shows when it is full. */
  const pages: ReadonlyArray<readonly [path: string, full: (page: Page) => Promise<void>]> = [
    [
      "/",
      async (page) => {
        await rowOf(page, "acesso").getByText("Nothing to do").waitFor()
        await rowOf(page, "acesso-qr").getByText("Scan the QR code").waitFor()
      }
    ],
    [
      "/instances/acesso/view",
      (page) => page.getByRole("img", { name: "Timeline of acesso" }).waitFor()
    ],
    [
      "/instances/acesso-qr/view",
      (page) => page.getByRole("region", { name: "QR code" }).getByRole("img").waitFor()
    ],
    [
      "/monitor",
      async (page) => {
        await isLive(page)
        world().evolution.emit(
          "acesso",
          "messages.upsert",
          textMessage("Olá", { name: "Ana", phone: "5511988887777" })
        )
        await page
          .getByRole("listbox", { name: "Events heard" })
          .getByRole("option")
          .first()
          .click()
      }
    ]
  ]

  /** Looks at the same page by day, by night, and on a narrow phone. */
  const expectNothing = async (page: Page) => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme })
      expect([colorScheme, await findings(page)]).toEqual([colorScheme, []])
    }
    const wide = page.viewportSize()
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await overflows(page)).toBe(false)
    if (wide !== null) await page.setViewportSize(wide)
  }

  it.each(pages)(
    "have nothing serious for axe-core to find, and fit into 360 px, at %s",
    async (path, full) => {
      await populated()
      await world().visit(path, async (page) => {
        await full(page)
        await expectNothing(page)
      })
    }
  )

  it("have nothing serious for axe-core to find, and fit into 360 px, where one signs in, and in a dialog", async () => {
    await populated()
    await world().look("/", async (page) => {
      await page.getByLabel("API key").waitFor()
      await expectNothing(page)
      await signIn(page, key)
      await rowOf(page, "acesso-qr").getByRole("button", { name: "Show QR code" }).click()
      await page.getByRole("dialog").getByRole("timer").waitFor()
      await expectNothing(page)
    })
  })

  it("have nothing serious for axe-core to find, and fit into 360 px, behind a pairing link", async () => {
    await populated()
    await world().look(await pairingPath(world(), "acesso-qr"), async (page) => {
      await page.getByRole("timer").waitFor()
      await expectNothing(page)
    })
    await world().look("/pair", async (page) => {
      await page.getByText("not valid any more").waitFor()
      await expectNothing(page)
    })
  })

  it.each([
    ["pt-BR", "pt-BR", "Chave de API", "Entrar", "Instâncias", "Conectar o WhatsApp"],
    ["es-MX", "es", "Clave de API", "Entrar", "Instancias", "Conectar WhatsApp"],
    ["fr-FR", "en", "API key", "Sign in", "Instances", "Connect WhatsApp"]
  ])(
    "speak to a reader of %s in %s",
    async (locale, language, keyLabel, signIn, heading, invitation) => {
      await populated()
      await world().look(
        "/",
        async (page) => {
          expect(await page.locator("html").getAttribute("lang")).toBe(language)
          await page.getByLabel(keyLabel).fill(key)
          await page.getByRole("button", { name: signIn }).click()
          await page.getByRole("heading", { name: heading, level: 1 }).waitFor()
          await rowOf(page, "acesso").waitFor()
        },
        { locale }
      )
      await world().look(
        await pairingPath(world(), "acesso-qr"),
        (page) => page.getByRole("heading", { name: invitation, level: 1 }).waitFor(),
        { locale }
      )
    }
  )
})
