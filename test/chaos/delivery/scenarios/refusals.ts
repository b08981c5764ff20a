/** A receiver that wants no more, or sends the service elsewhere. */
import { Behaviours } from "../../../support/Receiver.ts"
import { sleep, until } from "../../until.ts"
import * as Endpoints from "../Endpoints.ts"
import type { Scenario } from "../Scenario.ts"

const well = [{ path: "/well-1" }, { path: "/well-2" }]

const gone: Scenario = {
  name: "gone",
  seconds: 30,
  setup: { endpoints: [...well, { path: "/gone" }] },
  run: async ({ endpoint, expect, judge, load, look, pause, query, receiver, service, watch }) => {
    await load(200)
    await until(
      "410 ends the endpoint",
      10_000,
      async () => (await look("/gone")).state !== "active"
    )
    const { reason, state } = await look("/gone")
    expect("410 disables", state === "disabled", `${state}: ${reason}`)
    const told = await query<{ data: { endpoint: string; status: number } }>(
      "select data from events where event = 'endpoint.disabled'"
    )
    expect(
      "the log tells of it",
      told.length === 1 && told[0]?.data.endpoint === endpoint("/gone").id,
      JSON.stringify(told.map(({ data }) => data.status))
    )
    watch()
    const before = judge.verdict().arrivals
    const atGone = () => {
      watch()
      return judge.verdict().retries
    }
    const retries = atGone()
    await sleep(5000)
    expect("nothing more is sent there", atGone() === retries, `${before} arrivals before`)
    await receiver.behave("/gone", Behaviours.ok)
    await Endpoints.resume(service.url, endpoint("/gone"))
    await pause(1000, 2000)
  }
}

const redirected: Scenario = {
  name: "redirect",
  seconds: 35,
  setup: { endpoints: [...well, { path: "/redirect" }, { path: "/elsewhere" }] },
  run: async ({ expect, load, look, pause, query, receiver }) => {
    // The guard would allow this one: nothing but the service's own rule keeps it from being followed.
    await receiver.behave("/elsewhere", Behaviours.redirect(`${receiver.url}/trap`))
    await load(200)
    await pause(8000, 10_000)
    const rows = await query<{ name: string; status: number | null; address: string | null }>(
      `select distinct name, status, address from endpoint_attempts
       join endpoints on endpoints.id = endpoint where outcome <> 'delivered'`
    )
    const told = rows.map(({ name, status }) => `${name} ${status}`).sort()
    expect(
      "both are told as refusals",
      told.join() === "/elsewhere 307,/redirect 307",
      told.join(", ")
    )
    const addresses = new Set(rows.map(({ address }) => address))
    expect("nothing else was asked", !addresses.has("169.254.169.254"), [...addresses].join())
    expect("they stay active", (await look("/redirect")).state === "active")
    for (const path of ["/redirect", "/elsewhere"]) await receiver.behave(path, Behaviours.ok)
  }
}

export const refusals: ReadonlyArray<Scenario> = [gone, redirected]
