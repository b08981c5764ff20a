/**
 * The README's pictures, taken anew: `node --import tsx test/Http/Pages/screenshots.ts`. All that is to
 * be seen in them is made up, and the codes were never anybody's.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import type { Page } from "playwright-core"
import type { InstanceStatus } from "../../../src/Domain/Status.ts"
import { textMessage } from "../../../src/Testing/mod.ts"
import * as Browser from "../../support/Browser.ts"
import { shrink } from "../../support/SmallPng.ts"
import { key } from "../Service.ts"
import { dayOf } from "./Day.ts"
import { isLive, pairingPath, rowOf, scopedWorld, signIn, type World } from "./World.ts"

const directory = join(import.meta.dirname, "screenshots")
const ownerJid = "5511988887777@s.whatsapp.net"

type Status = typeof InstanceStatus.Encoded

/** Some shops, each in another state. */
const populate = async ({ call, create, evolution }: World): Promise<void> => {
  evolution.add("loja-centro", { state: "open", ownerJid, profileName: "Loja Centro" })
  await call("POST", "/instances/loja-centro/start")
  evolution.emit("loja-centro", "connection.update", {
    instance: "loja-centro",
    state: "open",
    statusReason: 200,
    wuid: ownerJid,
    profileName: "Loja Centro"
  })
  await create("padaria-sul")
  evolution.scan("padaria-sul")
  evolution.logout("padaria-sul")
  await create("suporte")
  await call("POST", "/instances/suporte/stop")
  await create("farmacia", "5511933332222")
}

const minute = 60
const hour = 60 * minute

/** Age of the states in s, so that the pictures look like a service that has run for a while. */
const ages: Readonly<Record<string, { wanted: number; link: number; whatsapp: number }>> = {
  "loja-centro": { wanted: 9 * 24 * hour, link: 186 * minute, whatsapp: 522 * minute },
  "padaria-sul": { wanted: 30 * 24 * hour, link: 186 * minute, whatsapp: 12 * minute },
  suporte: { wanted: 2 * 24 * hour, link: 2 * 24 * hour, whatsapp: 50 * hour }
}

const aged = (status: Status): Status => {
  const age = ages[status.name]
  if (age === undefined) return status
  const { desired, gaps, listener, whatsapp } = status
  return {
    ...status,
    desired: { ...desired, ageSeconds: age.wanted },
    listener: { ...listener, ageSeconds: age.link },
    gaps: { ...gaps, unrecovered: status.name === "loja-centro" ? 1 : 0 },
    whatsapp: whatsapp && { ...whatsapp, ageSeconds: age.whatsapp }
  }
}

/** The pages are told of those ages. */
const pretend = async (page: Page): Promise<void> => {
  await page.route(/\/instances$/, async (route) => {
    if (route.request().method() !== "GET") return route.continue()
    const response = await route.fetch()
    const statuses: ReadonlyArray<Status> = await response.json()
    return route.fulfill({ response, json: statuses.map(aged) })
  })
  await page.route(/\/status(\?|$)/, async (route) => {
    const response = await route.fetch()
    return route.fulfill({ response, json: aged(await response.json()) })
  })
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
    height: 660,
    isSigned: true,
    take: async (page) => {
      await rowOf(page, "farmacia").getByRole("button", { name: "Show QR code" }).click()
      await page.getByRole("dialog").getByRole("timer").waitFor()
    }
  },
  {
    name: "view",
    path: () => "/instances/loja-centro/view",
    height: 880,
    isSigned: true,
    take: async (page) => {
      await page.getByRole("img", { name: "Timeline of loja-centro" }).waitFor()
      await page.getByRole("region", { name: "Profile" }).getByText("Loja Centro").waitFor()
    }
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
  for (const { height, isSigned, name, path, take, width = 1280 } of pictures)
    await world.look(
      await path(world),
      async (page) => {
        if (isSigned) {
          await pretend(page)
          await signIn(page, key)
        }
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
