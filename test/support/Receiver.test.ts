/** Time is real here: the receiver is a process. */
import { createHmac } from "node:crypto"
import { once } from "node:events"
import { appendFileSync, mkdtempSync, rmSync } from "node:fs"
import { request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "@effect/vitest"
import { followArrivals, toLine } from "./Receiver/Arrival.ts"
import { type Arrival, Behaviours, type Receiver, startReceiver } from "./Receiver.ts"

const started = async (keepsHeaders = false): Promise<Receiver> => {
  const receiver = await startReceiver({ seed: 7, keepsHeaders })
  onTestFinished(receiver.remove)
  return receiver
}

const bodyOf = (cursor: number, previous: number | null = null) =>
  JSON.stringify({
    type: "messages.upsert",
    timestamp: "2026-01-01T00:00:00.000Z",
    data: { id: cursor, server: "default", instance: "Loja São João", previous }
  })

const send = (
  { url }: Receiver,
  path: string,
  cursor: number,
  { body = bodyOf(cursor), headers = {}, within = 5000 } = {}
) =>
  fetch(`${url}${path}`, {
    method: "POST",
    headers: { "webhook-id": `evt_log_${cursor}`, ...headers },
    body,
    redirect: "manual",
    signal: AbortSignal.timeout(within)
  })

const statusOf = async (...args: Parameters<typeof send>) => (await send(...args)).status
const all = ({ arrivals }: Receiver): ReadonlyArray<Arrival> => [...arrivals()]

describe("The receiver", { timeout: 30_000 }, () => {
  it("notes what arrives, and gives each arrival once", async () => {
    const receiver = await started(true)
    const before = Date.now()
    const headers = { "webhook-replay": "true", "x-own": "1" }
    expect(await statusOf(receiver, "/shop", 7, { body: bodyOf(7, 5), headers })).toBe(200)
    const [one, ...more] = all(receiver)
    expect(one).toMatchObject({
      path: "/shop",
      id: "evt_log_7",
      kind: "event",
      server: "default",
      instance: "Loja São João",
      cursor: 7,
      previous: 5,
      manner: "Answer",
      status: 200,
      isSigned: null,
      isReplay: true,
      headers: { "x-own": "1" }
    })
    expect(one?.at).toBeGreaterThanOrEqual(before)
    expect(more).toEqual([])
    expect(all(receiver)).toEqual([])
    await send(receiver, "/shop", 8)
    expect(all(receiver).map(({ cursor, previous }) => [cursor, previous])).toEqual([[8, null]])
  })

  it("knows purged events and other messages apart", async () => {
    const receiver = await started()
    const data = { server: "eu", instance: "shop", from: 3, to: 9, recovered: false }
    await send(receiver, "/", 1, { body: JSON.stringify({ type: "endpoint.missed", data }) })
    await send(receiver, "/", 1, { body: JSON.stringify({ type: "webhook.test", data: {} }) })
    await send(receiver, "/", 1, { body: "no JSON" })
    expect(all(receiver)).toMatchObject([
      { kind: "missed", server: "eu", instance: "shop", previous: 3, cursor: 9 },
      { kind: "other" },
      { kind: "other" }
    ])
  })

  it("keeps what it has confirmed when it is killed, and serves at the same address again", async () => {
    const receiver = await started()
    await receiver.behave("/shop", Behaviours.gone)
    const sent = 20
    for (let cursor = 1; cursor <= sent; cursor++) await send(receiver, "/other", cursor)
    const { url } = receiver
    await receiver.kill()
    await expect(send(receiver, "/other", 99)).rejects.toThrow()
    await receiver.start()
    expect(receiver.url).toBe(url)
    expect(await statusOf(receiver, "/shop", sent + 1)).toBe(410)
    expect(all(receiver).map(({ cursor }) => cursor)).toEqual(
      Array.from({ length: sent + 1 }, (_, nth) => nth + 1)
    )
  })

  it("answers as the path or a command says", async () => {
    const receiver = await started()
    expect(await statusOf(receiver, "/shop", 1)).toBe(200)
    expect(await statusOf(receiver, "/gone/shop", 1)).toBe(410)
    expect(await statusOf(receiver, "/answer-422", 1)).toBe(422)
    const busy = await send(receiver, "/busy-3", 1)
    expect([busy.status, busy.headers.get("retry-after")]).toEqual([503, "3"])
    const moved = await send(receiver, "/redirect", 1)
    expect([moved.status, moved.headers.get("location")]).toEqual([307, Behaviours.metadata])
    await receiver.behave("/shop", { _tag: "Answer", status: 404 })
    expect(await statusOf(receiver, "/shop", 2)).toBe(404)
    expect(all(receiver).map(({ status }) => status)).toEqual([200, 410, 422, 503, 307, 404])
  })

  it("fails so many of a hundred, and notes which", async () => {
    const receiver = await started()
    const statuses: Array<number> = []
    for (let cursor = 1; cursor <= 300; cursor++)
      statuses.push(await statusOf(receiver, "/fails-10", cursor))
    const failures = statuses.filter((status) => status === 500).length
    expect(failures).toBeGreaterThan(10)
    expect(failures).toBeLessThan(60)
    expect(all(receiver).map(({ status }) => status)).toEqual(statuses)
  })

  it("takes messages without an answer, or with one that is late or cut", async () => {
    const receiver = await started()
    await expect(send(receiver, "/hole", 1, { within: 300 })).rejects.toThrow(/abort|timeout/i)
    await expect(send(receiver, "/late-30", 2, { within: 300 })).rejects.toThrow(/abort|timeout/i)
    await expect(send(receiver, "/cut", 3)).rejects.toThrow("fetch failed")
    expect(all(receiver)).toMatchObject([
      { cursor: 1, manner: "BlackHole", status: 0 },
      { cursor: 2, manner: "Late", status: 0 },
      { cursor: 3, manner: "Cut", status: 0 }
    ])
    await receiver.behave("/soon", { _tag: "Late", seconds: 0.05 })
    expect(await statusOf(receiver, "/soon", 4)).toBe(200)
  })

  it("answers with a body that is slow, or huge", async () => {
    const receiver = await started()
    const slow = await send(receiver, "/slow-1", 1)
    expect((await slow.text()).length).toBeGreaterThan(4)
    const huge = await send(receiver, "/huge-30", 2)
    expect((await huge.arrayBuffer()).byteLength).toBe(30 * 1024 * 1024)
  })

  it("notes no message of which a part came alone", async () => {
    const receiver = await started()
    const half = request(`${receiver.url}/shop`, {
      method: "POST",
      headers: { "content-length": "1000" }
    })
    half.on("error", () => undefined)
    half.write("{")
    await once(half, "socket")
    await new Promise((resolve) => half.socket?.once("connect", resolve) ?? resolve(undefined))
    half.destroy()
    await send(receiver, "/shop", 1)
    expect(all(receiver).map(({ cursor }) => cursor)).toEqual([1])
  })

  it("answers what it has when it is stopped, and is there again at the same address", async () => {
    const receiver = await started()
    const slow = await send(receiver, "/slow-1", 1)
    const [text] = await Promise.all([slow.text(), receiver.stop()])
    expect(text).toMatch(/^\.+$/)
    await receiver.start()
    expect(await statusOf(receiver, "/shop", 2)).toBe(200)
    expect(all(receiver)).toHaveLength(2)
  })

  it("checks signatures, of which one has to fit", async () => {
    const receiver = await started()
    const key = Buffer.from("a key of twenty-four byt")
    await receiver.check("/shop", `whsec_${key.toString("base64")}`)
    const body = bodyOf(1)
    const now = Math.floor(Date.now() / 1000)
    const right = createHmac("sha256", key).update(`evt_log_1.${now}.${body}`).digest("base64")
    const headers = (signature: string) => ({
      headers: { "webhook-timestamp": String(now), "webhook-signature": signature }
    })
    await send(receiver, "/shop", 1, headers(`v1,AAAA v1,${right}`))
    await send(receiver, "/shop", 1, headers("v1,AAAA"))
    await send(receiver, "/shop", 1)
    expect(all(receiver).map(({ isSigned }) => isSigned)).toEqual([true, false, false])
  })
})

describe("The file of a receiver", () => {
  it("gives back what was written, line by line as it grows", () => {
    const directory = mkdtempSync(join(tmpdir(), "evolution-listener-arrivals-"))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const file = join(directory, "arrivals")
    const one: Arrival = {
      at: 1,
      path: "/a",
      id: "evt_log_1",
      kind: "event",
      server: "eu",
      instance: "two\nlines\tand a tab",
      cursor: 1,
      previous: null,
      manner: "Answer",
      status: 200,
      isSigned: null,
      isReplay: false
    }
    const line = toLine(one)
    appendFileSync(file, line + line.slice(0, 10))
    const follow = followArrivals(file)
    expect([...follow()]).toEqual([one])
    expect([...follow()]).toEqual([])
    appendFileSync(file, line.slice(10))
    expect([...follow()]).toEqual([one])
  })
})
