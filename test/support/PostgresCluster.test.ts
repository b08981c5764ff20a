import { readdirSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import pg from "pg"
import { type PostgresCluster, startCluster } from "./PostgresCluster.ts"

const hasBinaries = (() => {
  try {
    return readdirSync("/usr/lib/postgresql").length > 0
  } catch {
    return false
  }
})()

describe.skipIf(!hasBinaries)("a cluster of our own", () => {
  let cluster: PostgresCluster
  let url: string
  beforeAll(async () => {
    cluster = await startCluster()
    url = await cluster.create("ours")
    await cluster.query(url, "create table kept (n integer)")
    await cluster.query(url, "insert into kept values (1)")
  }, 30_000)
  afterAll(() => cluster.remove())

  const count = async () => (await cluster.query(url, "select n from kept")).length

  it("is back with its rows, however it ended", { timeout: 30_000 }, async () => {
    await cluster.stop("fast")
    await expect(count()).rejects.toThrow("ECONNREFUSED")
    await cluster.start()
    expect(await count()).toBe(1)
    await cluster.restart("immediate")
    expect(await count()).toBe(1)
    await cluster.kill()
    // The kernel may reset connections from before the port was closed.
    await expect(count()).rejects.toThrow(/ECONNRE(?:FUSED|SET)/)
    await cluster.start()
    expect(await count()).toBe(1)
  })

  it("can be read-only for everybody else, and writable again", async () => {
    const insert = async () => {
      const client = new pg.Client(url)
      await client.connect()
      await client.query("insert into kept values (2)").finally(() => client.end())
    }
    await cluster.readOnly(true)
    await expect(insert()).rejects.toThrow("read-only")
    await cluster.readOnly(false)
    await insert()
    expect(await count()).toBe(2)
  })
})
