import { expect, it } from "@effect/vitest"
import type { Locator, Page } from "playwright-core"
import { textMessage } from "../../../src/Testing/mod.ts"
import { findings } from "../../support/Axe.ts"
import { eventually, inBrowser } from "../../support/Browser/Suite.ts"
import { readShownQr } from "../../support/QrReader.ts"
import { scopedServers } from "./SeveralServers.ts"
import { use, useWorld } from "./useWorld.ts"
import { isLive, overflows, rowOf } from "./World.ts"

const world = use(scopedServers(["eu", "br"]))
const one = useWorld()

/** The part of the table that has the instances of a server. */
const groupOf = (page: Page, server: string): Locator =>
  page.locator("#instances tbody").filter({
    has: page.getByRole("rowheader").filter({ hasText: new RegExp(`^${server}`) })
  })

const rowAt = (page: Page, server: string, name: string): Locator =>
  groupOf(page, server)
    .getByRole("row")
    .filter({ has: page.getByRole("link", { name, exact: true }) })

/** An instance of one name on both servers. */
const both = async (name: string) => {
  for (const server of ["eu", "br"]) await world().createAt(server, name)
}

inBrowser("the pages of several servers", () => {
  it("group the instances by their servers, in the order of the settings, with a word about each", async () => {
    await both("grupo")
    await world().visit("/", async (page) => {
      await rowAt(page, "br", "grupo").waitFor()
      const heads = page.locator("#instances .of-group")
      await eventually(() => heads.allTextContents()).toEqual(["eu", "br"])
      await groupOf(page, "eu").getByText("All is well").waitFor()
      await rowAt(page, "br", "grupo").getByRole("link").click()
      await page.waitForURL(/\/instances\/grupo\/view\?server=br$/)
    })
  })

  it("change the row of the one instance whose status changed", async () => {
    await both("estado")
    await world().visit("/", async (page) => {
      await isLive(page)
      await rowAt(page, "eu", "estado").getByText("Scan the QR code").waitFor()
      await rowAt(page, "br", "estado").getByText("Scan the QR code").waitFor()
      const asked: Array<string> = []
      page.on("request", (request) => {
        if (request.url().includes("/instances/estado/")) asked.push(new URL(request.url()).search)
      })
      await world().call("POST", "/instances/estado/stop?server=br")
      await rowAt(page, "br", "estado").getByRole("button", { name: "Start" }).waitFor()
      world().at("eu").scan("estado")
      await rowAt(page, "eu", "estado").getByText("Connected").waitFor()
      await rowAt(page, "eu", "estado").getByRole("button", { name: "Stop" }).waitFor()
      expect(await rowAt(page, "br", "estado").getByText("Connected").count()).toBe(0)
      expect(new Set(asked)).toEqual(new Set(["?server=br", "?server=eu"]))
    })
  })

  it("never show the code of one server's instance for another's of its name", async () => {
    await both("codigo")
    await world().at("br").showQr("codigo") // the first codes are alike
    const codeAt = (server: string) => world().at(server).instance("codigo").qr?.code
    expect(codeAt("eu")).not.toBe(codeAt("br"))
    await world().visit("/", async (page) => {
      for (const server of ["eu", "br"]) {
        await rowAt(page, server, "codigo").getByRole("button", { name: "Show QR code" }).click()
        const dialog = page.getByRole("dialog", { name: `QR code of codigo (${server})` })
        await eventually(() => readShownQr(dialog.getByRole("img"))).toBe(codeAt(server))
        await dialog.getByRole("button", { name: "Close" }).click()
      }
    })
    await world().visit("/instances/codigo/view?server=br", async (page) => {
      const image = page.getByRole("region", { name: "QR code" }).getByRole("img")
      await eventually(() => readShownQr(image)).toBe(codeAt("br"))
      await world().at("eu").showQr("codigo")
      world().at("eu").scan("codigo")
      await eventually(async () => {
        const { json } = await world().call("GET", "/instances/codigo/status?server=eu")
        return JSON.stringify(json)
      }).toContain('"state":"open"')
      expect(await readShownQr(image)).toBe(codeAt("br"))
    })
  })

  it("name the server on an instance's own page, and command that one alone", async () => {
    await both("pagina")
    await world().visit("/instances/pagina/view?server=br", async (page) => {
      await page.locator("#server").getByText("br").waitFor()
      expect(await page.title()).toBe("pagina (br)")
      await page.getByRole("button", { name: "Stop" }).click()
      await page.getByText("“pagina (br)” is stopped").waitFor()
      const statusAt = async (server: string) => {
        const { text } = await world().call("GET", `/instances/pagina/status?server=${server}`)
        return /"desired":\{"state":"(\w+)"/.exec(text)?.[1]
      }
      expect([await statusAt("eu"), await statusAt("br")]).toEqual(["listening", "stopped"])
      const link = page.getByRole("link", { name: "Events of this instance" })
      expect(await link.getAttribute("href")).toBe("/monitor?instance=pagina&server=br")
    })
  })

  it("say which addresses there are for a name that two servers have, and find one that only one has", async () => {
    await both("dupla")
    await world().createAt("br", "unica")
    await world().visit(
      "/instances/dupla/view",
      (page) => page.getByText("?server=eu or ?server=br").first().waitFor(),
      { expected: /409/ }
    )
    await world().visit("/instances/unica/view", async (page) => {
      await page.locator("#server").getByText("br").waitFor()
      await page.waitForURL(/\?server=br$/)
    })
  })

  it("ask for the server of a new instance", () =>
    world().visit("/", async (page) => {
      const form = page.getByRole("form", { name: "New instance" })
      await form.getByLabel("Server").waitFor()
      await form.getByRole("textbox", { name: "Name", exact: true }).fill("nova")
      await form.getByRole("button", { name: "Create" }).click()
      await page.getByText("Choose the server that is to have the instance").waitFor()
      await form.getByLabel("Server").selectOption("br")
      await form.getByRole("button", { name: "Create" }).click()
      await page.getByRole("dialog", { name: "QR code of nova (br)" }).waitFor()
      expect(world().at("br").instance("nova").state).toBe("connecting")
      const { status } = await world().call("GET", "/instances/nova?server=eu")
      expect(status).toBe(404)
    }))

  it("filter by a server, in an address that can be shared", async () => {
    await both("filtro")
    await world().visit("/", async (page) => {
      await page.locator("#wanted-server").selectOption("br")
      await rowAt(page, "br", "filtro").waitFor()
      await eventually(() => groupOf(page, "eu").count()).toBe(0)
      expect(new URL(page.url()).search).toBe("?server=br")
    })
    await world().visit("/monitor?server=br", async (page) => {
      await isLive(page)
      const message = textMessage("Olá", { name: "Ana", phone: "5511988887777" })
      for (const server of ["eu", "br"])
        world().at(server).emit("filtro", "messages.upsert", message)
      const lines = page.getByRole("listbox", { name: "Events heard" }).getByRole("option")
      await lines.filter({ hasText: "messages.upsert" }).first().waitFor()
      expect(await lines.filter({ hasText: "(eu)" }).count()).toBe(0)
      expect(await lines.filter({ hasText: "filtro (br)" }).count()).toBeGreaterThan(0)
      await page.getByLabel("Instance", { exact: true }).selectOption({ label: "filtro (br)" })
      await page.waitForURL(/\?server=br&instance=filtro$/)
      await isLive(page)
    })
  })

  it("have nothing serious for axe-core to find, and fit into 360 px", async () => {
    await both("acesso")
    const pages: ReadonlyArray<readonly [string, (page: Page) => Promise<void>]> = [
      ["/", (page) => rowAt(page, "br", "acesso").waitFor()],
      [
        "/instances/acesso/view?server=br",
        (page) => page.locator("#server").getByText("br").waitFor()
      ],
      ["/monitor?server=br", isLive]
    ]
    for (const [path, full] of pages)
      await world().visit(path, async (page) => {
        await full(page)
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme })
          expect([path, colorScheme, await findings(page)]).toEqual([path, colorScheme, []])
        }
        await page.setViewportSize({ width: 360, height: 740 })
        expect([path, await overflows(page)]).toEqual([path, false])
      })
  }, 60_000)

  it("have no word of servers where there is one", async () => {
    await one().create("sozinha")
    for (const path of ["/", "/instances/sozinha/view", "/monitor"])
      await one().visit(path, async (page) => {
        await isLive(page)
        await page.getByText("sozinha").first().waitFor({ state: "attached" })
        const text = await page.evaluate<string>("document.body.innerText") // without what is hidden
        expect(text).not.toMatch(/\bserver|\bdefault\b/i)
        expect(new URL(page.url()).search).toBe("")
      })
    await one().visit("/", async (page) => {
      const link = rowOf(page, "sozinha").getByRole("link")
      expect(await link.getAttribute("href")).toBe("/instances/sozinha/view")
    })
  })
})
