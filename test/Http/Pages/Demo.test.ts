import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { findings } from "../../support/Axe.ts"
import { eventually, inBrowser } from "../../support/Browser/Suite.ts"
import { visit } from "../../support/Browser.ts"
import { readShownQr } from "../../support/QrReader.ts"
import { freePort, temporaryDirectory } from "../../support/ServiceProcess.ts"
import { isLive } from "./World.ts"

const root = join(import.meta.dirname, "../../..")

/** `npm run demo`, as somebody types it. */
const demo = (variables: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn("npm", ["run", "-s", "demo"], {
        cwd: root,
        env: { ...process.env, ...variables },
        stdio: ["ignore", "pipe", "inherit"]
      })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

/** The text that the demo prints after these words. */
const printed = (child: ChildProcess, before: string) =>
  Effect.async<string>((resume) => {
    let text = ""
    child.stdout?.on("data", (part: Buffer) => {
      text += part.toString("utf8")
      const found = new RegExp(`${before}\\s+(http\\S+)\\n`).exec(text)?.[1]
      if (found !== undefined) resume(Effect.succeed(found))
    })
    child.once("exit", (code) => resume(Effect.die(new Error(`The demo ended (${code}): ${text}`))))
  })

inBrowser("the demo", () => {
  it.scopedLive(
    "is a whole story by mouse: the code, the scan, connected, and the messages",
    () =>
      Effect.gen(function* () {
        const child = yield* demo({
          PORT: String(yield* freePort),
          API_KEY: "key-of-the-demo",
          DATA_DIR: yield* temporaryDirectory
        })
        const [link, phone] = yield* Effect.all(
          [
            printed(child, "The dashboard, signed in:"),
            printed(child, "The phone, yours to hold:")
          ],
          { concurrency: "unbounded" }
        )
        const origins = [new URL(link).origin, new URL(phone).origin]
        yield* Effect.promise(() =>
          visit({ origins, deviceScaleFactor: 2 }, async (page) => {
            await page.goto(link)
            const row = page.getByRole("row").filter({ hasText: "demo" })
            await row.getByRole("button", { name: "Show QR code" }).click()
            const dialog = page.getByRole("dialog", { name: "QR code of demo" })
            const image = dialog.getByRole("img", { name: "QR code of demo" })
            await eventually(() => readShownQr(image)).toMatch(/^2@demo-\d+-/)

            const hand = await page.context().newPage()
            await hand.goto(phone)
            await hand.getByRole("article", { name: "demo" }).getByRole("img").waitFor()
            expect(await findings(hand)).toEqual([])
            await hand
              .getByRole("article", { name: "demo" })
              .getByRole("button", { name: "Scan" })
              .click()
            await hand.getByText("Linked to +5511999990001").waitFor()

            await dialog.getByText("Connected as +55").waitFor()
            await dialog.getByRole("button", { name: "Close" }).click()
            await row.getByText("Connected", { exact: true }).waitFor()

            await page.getByRole("link", { name: "Monitor" }).click()
            const lines = page.getByRole("listbox", { name: "Events heard" }).getByRole("option")
            await isLive(page)
            await hand.getByLabel("Text").fill("Olá do telefone")
            await hand.getByRole("button", { name: "Send a message" }).click()
            await lines.filter({ hasText: "Olá do telefone" }).click()
            const chosen = page.getByRole("region", { name: "Chosen event" }).locator("pre")
            await eventually(() => chosen.textContent()).toContain("Olá do telefone")

            await page.getByRole("link", { name: "Instances" }).click()
            await hand.getByRole("button", { name: "Stop Evolution" }).click()
            await hand.getByText(/comes back in \d+ s/).waitFor()
            await row.getByText("Not hearing").waitFor()
          })
        )
        const exit = once(child, "exit")
        child.kill("SIGTERM")
        expect(yield* Effect.promise(() => exit)).toEqual([0, null])
      }),
    { timeout: 120_000 }
  )
})
