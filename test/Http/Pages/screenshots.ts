/**
 * The README's pictures, taken anew: `node --import tsx test/Http/Pages/screenshots.ts`. All that is to
 * be seen in them is made up, and the codes were never anybody's.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import type { Page } from "playwright-core"
import * as Browser from "../../support/Browser.ts"
import { textMessage } from "../../support/EvolutionSimulator/Messages.ts"
import { shrink } from "../../support/SmallPng.ts"
import { dayOf } from "./Day.ts"
import { isLive, pairingPath, rowOf, scopedWorld, type World } from "./World.ts"

const directory = join(import.meta.dirname, "screenshots")
const phone = "5511988887777@s.whatsapp.net"

/** Some shops, each in another state. */
const populate = async ({ call, create, evolution }: World): Promise<void> => {
  evolution.add("loja-centro", { state: "open", ownerJid: phone, profileName: "Loja Centro" })
  await call("POST", "/instances/loja-centro/start")
  await create("padaria-sul")
  evolution.instance("padaria-sul").ownerJid = "5521977776666@s.whatsapp.net"
  evolution.scan("padaria-sul")
  evolution.logout("padaria-sul")
  await create("suporte")
  await call("POST", "/instances/suporte/stop")
  await create("farmacia", "5511933332222")
}

const talk = [
  ["Ana", "Bom dia! Vocês abrem no sábado?"],
  ["Bruno", "Meu pedido chegou, obrigado"],
  ["Carla", "Quanto custa a entrega?"]
] as const

interface Picture {
  readonly name: string
  readonly path: (world: World) => string | Promise<string>
  readonly take: (page: Page, world: World) => Promise<void>
  readonly height: number
  readonly isSigned: boolean
  readonly width?: number
}

const pictures: ReadonlyArray<Picture> = [
  {
    name: "dashboard",
    path: () => "/",
    height: 640,
    isSigned: true,
    take: async (page) => {
      await rowOf(page, "farmacia").getByRole("button", { name: "Show QR code" }).click()
      await page.getByRole("dialog").getByRole("timer").waitFor()
    }
  },
  {
    name: "instance",
    path: () => "/instances/loja-centro/view",
    height: 760,
    isSigned: true,
    take: (page) => page.getByRole("img", { name: "Timeline of loja-centro" }).waitFor()
  },
  {
    name: "monitor",
    path: () => "/monitor",
    height: 560,
    isSigned: true,
    take: async (page, { evolution }) => {
      await isLive(page)
      for (const [name, text] of talk)
        evolution.emit(
          "loja-centro",
          "messages.upsert",
          textMessage(text, { name, phone: "5511966665555" })
        )
      const lines = page.getByRole("listbox", { name: "Events heard" }).getByRole("option")
      await lines.nth(talk.length - 1).waitFor()
      await lines.first().click()
      await page.getByRole("region", { name: "Chosen event" }).getByText(talk[2][1]).waitFor()
    }
  },
  {
    name: "pairing",
    path: (world) => pairingPath(world, "farmacia"),
    height: 720,
    width: 400,
    isSigned: false,
    take: (page) => page.getByRole("timer").waitFor()
  }
]

const takeAll = async (world: World): Promise<ReadonlyArray<string>> => {
  await populate(world)
  mkdirSync(directory, { recursive: true })
  const taken: Array<string> = []
  for (const { height, isSigned, name, path, take, width = 1000 } of pictures)
    await world[isSigned ? "visit" : "look"](
      await path(world),
      async (page) => {
        await take(page, world)
        const png = shrink(await page.screenshot({ animations: "disabled" }))
        writeFileSync(join(directory, `${name}.png`), png)
        taken.push(`${name}.png: ${Math.ceil(png.length / 1024)} KiB`)
      },
      { colorScheme: name === "monitor" ? "dark" : "light", viewport: { width, height } }
    )
  await Browser.close()
  return taken
}

NodeRuntime.runMain(
  Effect.scoped(
    Effect.gen(function* () {
      const world = yield* scopedWorld
      yield* Effect.provide(dayOf("loja-centro", Date.now()), world.context)
      const taken = yield* Effect.promise(() => takeAll(world))
      yield* Effect.forEach(taken, (line) => Console.log(line))
    })
  )
)
