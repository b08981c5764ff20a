/** A proxy in front of Evolution answers for it. */
import { type Intermediary, intermediaries } from "../../support/intermediaries.ts"
import type { Scenario } from "../Scenario.ts"
import { until } from "../until.ts"
import type { World } from "../World.ts"

const answers = [
  "Traefik without a route",
  "Cloudflare's challenge",
  "nginx without its upstream"
].flatMap((what) => intermediaries.filter((one) => one.what === what))

/** Waits until every listener waits, and names the proxy. */
const waitsFor = (world: World, { named }: Intermediary): Promise<number> =>
  world.all(
    `all wait for ${named}`,
    ({ listener: { state } }) =>
      state._tag === "Waiting" && JSON.stringify(state.error).includes(named)
  )

/** No row of the log tells of an instance that is gone, or of messages that are given up. */
const verdicts = async ({ expect, query }: World): Promise<void> => {
  const [row] = await query<{ removed: number; lost: number }>(`
    select
      count(*) filter (where event = 'connection.update' and data ->> 'state' = 'removed')::int as removed,
      count(*) filter (where event = 'gap.updated' and data ->> 'recovered' = 'false'
        and data ->> 'retryAt' is null)::int as lost
    from events`)
  expect(
    "no verdict by the proxy's word",
    row?.removed === 0 && row.lost === 0,
    JSON.stringify(row)
  )
}

export const proxyInFront: Scenario = {
  name: "proxy-in-front",
  seconds: 80,
  isBackfilled: true,
  patience: 100,
  run: async (world) => {
    const { all, allListening, cut, evolution, expect, gaps, load, names, pause, random } = world
    const { sampler, service, statuses } = world
    const first = random.between(0, answers.length - 1)
    const turns = [...answers.slice(first), ...answers.slice(0, first)]
    const [unloved] = names
    const refusals: Array<number> = []
    const erase = async () =>
      refusals.push(await service.delete(`/instances/${unloved}?purge=true`))

    await load(50)
    await pause(1000, 2000)
    await evolution.drop()
    await until("the link is lost", 5000, async () => (await gaps()).length > 0)
    await allListening()
    // Back-fill begins 5 s after the link is up.
    await pause(500, 1500)
    const [one] = turns
    await evolution.refuse(one && { ...one, sparesSockets: true })
    await erase()
    await until("back-fill waits for another try", 20_000, async () =>
      (await gaps()).every(({ recovered, retries }) => recovered === false && retries)
    )

    await cut(async () => {
      await evolution.refuse(turns[0])
      await evolution.drop()
      for (const answer of turns) {
        await evolution.refuse(answer)
        await waitsFor(world, answer)
        await erase()
      }
      await evolution.refuse(undefined)
    })
    const seconds = await allListening()
    expect("listens once the proxy is well", seconds < 5, `after ${seconds.toFixed(1)} s`)
    expect(
      "every deletion is refused",
      refusals.every((status) => status === 502),
      refusals.join(", ")
    )
    expect(
      "nobody is Parked",
      sampler.samples.every(({ parked }) => parked === 0)
    )
    await all("all are open", ({ whatsapp }) => whatsapp?.state === "open")
    expect("nothing is forgotten", (await statuses()).length === names.length)
    await verdicts(world)
  }
}
