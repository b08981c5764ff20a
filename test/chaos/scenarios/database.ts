/** The database goes away while events continue. */
import type { Scenario } from "../Scenario.ts"
import { sleep, until } from "../until.ts"
import type { World } from "../World.ts"

/** Waits until the service reports that it cannot write, with the reason. */
const degraded = async ({ expect, service, statuses }: World, reason: string): Promise<void> => {
  const begin = performance.now()
  await until(`degraded: ${reason}`, 20_000, async () =>
    (await statuses()).every((status) => status.degraded?.reason === reason)
  )
  const seconds = (performance.now() - begin) / 1000
  const ready = await service.ask("/health/ready")
  expect(reason, ready === 503, `after ${seconds.toFixed(1)} s, ready ${ready}`)
}

const recovered = ({ service, statuses }: World): Promise<unknown> =>
  until(
    "no longer degraded",
    30_000,
    async () =>
      (await statuses()).every((status) => status.degraded === null) &&
      (await service.ask("/health/ready")) === 200
  )

const killed: Scenario = {
  name: "postgres-killed-30s",
  seconds: 60,
  setup: { ownPostgres: true },
  isLossless: true,
  run: async (world) => {
    const { cluster, load, pause } = world
    await load(500)
    await pause(2000, 3000)
    await cluster.kill()
    const until30s = sleep(30_000)
    await degraded(world, "database_unavailable")
    await until30s
    await cluster.start()
    await recovered(world)
  }
}

const restartMidBatch: Scenario = {
  name: "postgres-restart-mid-batch",
  seconds: 20,
  isFast: true,
  setup: { ownPostgres: true },
  isLossless: true,
  run: async ({ cluster, load, pause, random }) => {
    await load(500)
    for (let time = 0; time < 4; time++) {
      await pause(400, 1400)
      await cluster.restart(random.pick(["immediate", "fast"]))
    }
  }
}

const readOnly: Scenario = {
  name: "postgres-read-only",
  seconds: 25,
  setup: { ownPostgres: true },
  isLossless: true,
  run: async (world) => {
    const { cluster, load, pause } = world
    await load(300)
    await pause(1000, 2000)
    await cluster.readOnly(true)
    await degraded(world, "database_read_only")
    await pause(4000, 6000)
    await cluster.readOnly(false)
    await recovered(world)
  }
}

const queueMaxMib = 64

/** More events than the queue may hold, so that the service stops reading the socket. */
const memory: Scenario = {
  name: "memory-under-outage",
  seconds: 130,
  setup: {
    ownPostgres: true,
    instances: 10,
    evolution: { pingInterval: 25_000, pingTimeout: 20_000 },
    variables: { QUEUE_MAX_MIB: String(queueMaxMib) }
  },
  patience: 120,
  run: async ({ cluster, expect, load, sampler, service }) => {
    await load(1000)
    await sleep(10_000)
    const before = service.rss()
    await cluster.stop("immediate")
    const end = Date.now() + 60_000
    let most = before
    while (Date.now() < end) {
      most = Math.max(most, service.rss())
      await sleep(200)
    }
    await cluster.start()
    expect(
      "queue_full",
      sampler.samples.some(({ degraded }) => degraded === "queue_full")
    )
    const bound = before + queueMaxMib * 1.2
    expect(
      "memory",
      most <= bound,
      `${before.toFixed(0)} MiB, at most ${most.toFixed(0)} of ${bound.toFixed(0)}`
    )
  }
}

export const database: ReadonlyArray<Scenario> = [killed, restartMidBatch, readOnly, memory]
