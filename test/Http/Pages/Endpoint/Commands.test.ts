import { expect, it } from "@effect/vitest"
import { eventually, inBrowser } from "../../../support/Browser/Suite.ts"
import { use } from "../useWorld.ts"
import { scopedWithReceiver } from "../WithReceiver.ts"

const world = use(scopedWithReceiver())

const stateOf = async (id: string) =>
  String(Object((await world().call("GET", `/endpoints/${id}`)).json).state)

inBrowser("the commands of an endpoint's page", () => {
  it("send a test and show its outcome", async () => {
    const { id } = await world().webhook("tested", { instances: ["nobody"] })
    await world().visit(`/deliveries/${id}`, async (page) => {
      await page.getByRole("button", { name: "Send a test" }).focus()
      await page.keyboard.press("Enter")
      const dialog = page.getByRole("dialog", { name: "Test of tested" })
      await dialog.getByText("Delivered").waitFor()
      await dialog.getByText("The receiver took the test message").waitFor()
      expect(world().received("/tested")).toEqual(["webhook.test"])
      await page.keyboard.press("Escape")
      // The focus is back.
      world().receiver.answer("/tested", 410)
      await page.keyboard.press("Enter")
      await dialog.getByText("Wants no more", { exact: true }).waitFor()
      await dialog.getByText("The receiver wants no more messages (410)").waitFor()
      await dialog.getByText("said by the receiver").waitFor()
    })
    expect(await stateOf(id)).toBe("active")
  })

  it("replay the log from a time in the viewer's zone, and cancel a replay that runs", async () => {
    await world().link("loja")
    world().say("loja", "Olá")
    await eventually(async () => (await world().call("GET", "/events")).text).toContain("Olá")
    const { id } = await world().webhook("late", { events: ["messages.upsert"] })
    await world().visit(
      `/deliveries/${id}`,
      async (page) => {
        await page.getByRole("button", { name: "Replay" }).click()
        const dialog = page.getByRole("dialog", { name: "Replay to late" })
        await dialog.getByText("Times are those of America/Sao_Paulo").waitFor()
        const from = dialog.getByLabel("From")
        const hourAgo = new Date(`${await from.inputValue()}-03:00`).getTime()
        expect(Math.abs(Date.now() - 3_600_000 - hourAgo)).toBeLessThan(120_000)
        await from.fill("")
        await page.keyboard.press("Enter")
        await dialog.getByText("Choose the time of the first event").waitFor()
        await from.fill("2026-01-01T00:00")
        await page.keyboard.press("Enter")
        await page.getByText("The replay has begun").waitFor()
        await eventually(() => world().received("/late")).toEqual(["messages.upsert"])
        const replays = page.getByRole("table", { name: "Replays" })
        await replays.getByText("Finished").waitFor()
        expect(await replays.getByRole("button", { name: /^Cancel/ }).count()).toBe(0)

        world().receiver.answer("/late", 500)
        await world().call("POST", `/endpoints/${id}/replay`, { from: { cursor: 0 } })
        await replays.getByText("Runs").waitFor()
        await replays.getByRole("button", { name: /^Cancel: #1 to #\d+$/ }).click()
        await replays.getByText("Cancelled").waitFor()
        await page.getByText("what it has sent stays sent").waitFor()
      },
      { timezoneId: "America/Sao_Paulo" }
    )
    const { json } = await world().call("GET", `/endpoints/${id}/replays`)
    expect(json).toMatchObject([{ state: "cancelled" }, { state: "finished" }])
  })

  it("make a new secret, which is shown once, and may end the old one", async () => {
    const { id, secret } = await world().webhook("rotated", { instances: ["nobody"] })
    const signatures = async () => {
      await world().call("POST", `/endpoints/${id}/test`)
      const call = world()
        .receiver.calls.filter(({ path }) => path === "/rotated")
        .at(-1)
      return String(call?.headers["webhook-signature"]).split(" ").length
    }
    await world().visit(`/deliveries/${id}`, async (page) => {
      const rotate = async (isLeaked: boolean) => {
        await page.getByRole("button", { name: "New secret" }).click()
        const dialog = page.getByRole("dialog", { name: "New secret of rotated" })
        if (isLeaked) await dialog.getByLabel("The old one leaked").check()
        await dialog.getByRole("button", { name: "New secret" }).click()
        const made = await dialog.getByLabel("Signing secret").inputValue()
        await page.mouse.click(3, 3)
        expect(await dialog.getByLabel("Signing secret").inputValue()).toBe(made)
        await dialog.getByRole("button", { name: "Close" }).click()
        await dialog.waitFor({ state: "detached" })
        expect(await page.content()).not.toContain(made)
        return made
      }
      const second = await rotate(false)
      expect(second).toMatch(/^whsec_/)
      expect(second).not.toBe(secret)
      expect(await signatures()).toBe(2)
      expect(await rotate(true)).not.toBe(second)
      expect(await signatures()).toBe(1)
    })
  })

  it("pause, and resume from where it was or from now", async () => {
    await world().link("pausa")
    const { id } = await world().webhook("paused", {
      instances: ["pausa"],
      events: ["messages.upsert"]
    })
    await world().visit(`/deliveries/${id}`, async (page) => {
      await page.getByRole("button", { name: "Pause" }).click()
      await page.getByText("Paused: events wait until you resume").waitFor()
      expect(await stateOf(id)).toBe("paused")
      world().say("pausa", "one")
      const resume = async (how: string) => {
        await page.getByRole("button", { name: "Resume" }).click()
        const dialog = page.getByRole("dialog", { name: "Resume paused" })
        await dialog.getByRole("button", { name: how }).click()
        await page.getByText("“paused” delivers again").waitFor()
        await page.getByRole("button", { name: "Pause" }).waitFor()
      }
      await resume("From where it was")
      await eventually(() => world().received("/paused").length).toBe(1)
      await page.getByRole("button", { name: "Pause" }).click()
      await page.getByText("Paused: events wait until you resume").waitFor()
      world().say("pausa", "two")
      await eventually(async () => (await world().call("GET", "/events")).text).toContain('"two"')
      await resume("From now")
      world().say("pausa", "three")
      await eventually(() => world().received("/paused").length).toBe(2)
      const bodies = world()
        .receiver.calls.filter(({ path }) => path === "/paused")
        .map(({ body }) => /"(one|two|three)"/.exec(body.toString("utf8"))?.[1])
      expect(bodies).toEqual(["one", "three"])
    })
  })

  it("send events that were put aside again, or forget them once that is confirmed", async () => {
    await world().link("aparte")
    world().receiver.answer("/aside", 422)
    const { id } = await world().webhook("aside", {
      instances: ["aparte"],
      events: ["messages.upsert"],
      skipAfter: 1
    })
    for (const words of ["a", "b", "c", "d"]) world().say("aparte", words)
    await world().visit(`/deliveries/${id}`, async (page) => {
      const table = page.getByRole("table", { name: "Put aside" })
      const rows = table.getByRole("rowheader")
      await eventually(() => rows.count()).toBe(4)
      await table.getByText("the receiver answered 422").first().waitFor()
      world().receiver.answer("/aside", 200)
      await table
        .getByRole("button", { name: /^Send again: #/ })
        .first()
        .click()
      await page.getByText("1 event is sent again").waitFor()
      await eventually(() => rows.count()).toBe(3)

      await table
        .getByRole("button", { name: /^Forget: #/ })
        .first()
        .click()
      const forget = page.getByRole("dialog", { name: /^Forget: #/ })
      await forget.getByText("It stays in the log").waitFor()
      await page.keyboard.press("Escape")
      await forget.waitFor({ state: "detached" })
      expect(await rows.count()).toBe(3)
      await page.keyboard.press("Enter")
      await forget.getByRole("button", { name: "Forget" }).click()
      await page.getByText("1 event was forgotten").waitFor()
      await eventually(() => rows.count()).toBe(2)

      await page.getByRole("button", { name: "Send all again" }).click()
      await page.getByRole("dialog").getByRole("button", { name: "Send all again" }).click()
      await page.getByText("2 events are sent again").waitFor()
      await page.getByText("No event is put aside").waitFor()
      expect(await page.getByRole("button", { name: "Forget all" }).count()).toBe(0)
    })
  })

  it("change the settings, and delete the endpoint by its name", async () => {
    const { id } = await world().webhook("old name", { instances: ["nobody"] })
    await world().visit(`/deliveries/${id}`, async (page) => {
      await page.getByRole("button", { name: "Change" }).click()
      const form = page.getByRole("dialog", { name: "Change" })
      await form.getByLabel("Name").fill("new name")
      await form.getByLabel("Instances").fill("")
      await form.getByLabel("Events").fill("call")
      await form.getByRole("button", { name: "Save" }).click()
      await page.getByRole("heading", { name: "new name" }).waitFor()
      const { json } = await world().call("GET", `/endpoints/${id}`)
      expect(json).toMatchObject({ events: ["call"] })
      expect(json).not.toHaveProperty("instances")

      await page.getByRole("button", { name: "Delete" }).click()
      const dialog = page.getByRole("dialog", { name: "Delete new name" })
      await page.keyboard.type("old name")
      await dialog.getByRole("button", { name: "Delete" }).click()
      await dialog.getByText("That is not “new name”").waitFor()
      await dialog.getByLabel("Name of the endpoint").fill("new name")
      await dialog.getByRole("button", { name: "Delete" }).click()
      await page.waitForURL("**/deliveries")
    })
    expect((await world().call("GET", `/endpoints/${id}`)).status).toBe(404)
  })
})
