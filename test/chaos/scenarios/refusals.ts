/** Evolution refuses until a person mends it, or until its first event. */
import type { Scenario } from "../Scenario.ts"
import type { World } from "../World.ts"

/** A person has mended it. */
const restartAll = async ({ names, service }: World): Promise<void> => {
  for (const name of names) await service.post(`/instances/${name}/restart`)
}

const parkedWith =
  (userAction: string) =>
  (status: Parameters<Parameters<World["all"]>[1]>[0]): boolean =>
    status.listener.state._tag === "Parked" && status.userAction === userAction

const refuse400: Scenario = {
  name: "refuse-400",
  seconds: 18,
  isBackfilled: true,
  run: async (world) => {
    const { all, cut, evolution, expect, load, pause } = world
    await load(50)
    await pause(500, 1500)
    await cut(async () => {
      await evolution.refuse({ status: 400, body: "Invalid global token" })
      await evolution.drop()
      const seconds = await all("all are Parked", parkedWith("check_api_key"), 20_000)
      expect("Parked with check_api_key", true, `after ${seconds.toFixed(1)} s`)
      await pause(1000, 2000)
      await evolution.refuse(undefined)
    })
    await restartAll(world)
  }
}

/** Version 2.4 without a licence accepts sockets and refuses every REST call. */
const licence503: Scenario = {
  name: "licence-503",
  seconds: 20,
  isBackfilled: true,
  run: async (world) => {
    const { all, evolution, expect, load, pause } = world
    await load(50)
    await pause(500, 1500)
    await evolution.refuse("license")
    await evolution.drop()
    const seconds = await all("all are Parked", parkedWith("activate_license"), 30_000)
    expect("Parked with activate_license", true, `after ${seconds.toFixed(1)} s`)
    await pause(1000, 2000)
    await evolution.refuse(undefined)
    await restartAll(world)
  }
}

const namespaceMissing: Scenario = {
  name: "namespace-missing",
  seconds: 20,
  isFast: true,
  setup: { mode: "namespace", isUnprepared: true },
  isBackfilled: true,
  run: async ({ all, allListening, expect, load, pause }) => {
    await all(
      "all have an open gap",
      ({ gaps, listener }) =>
        gaps.open?.cause === "namespace_refused" && listener.state._tag !== "Listening"
    )
    expect("a gap with namespace_refused", true)
    await pause(500, 1500)
    await load(20)
    const seconds = await allListening()
    expect("listens once there are events", seconds < 5, `after ${seconds.toFixed(1)} s`)
    await pause(500, 1500)
  }
}

export const refusals: ReadonlyArray<Scenario> = [refuse400, licence503, namespaceMissing]
