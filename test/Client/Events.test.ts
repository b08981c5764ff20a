import { afterEach, beforeEach, describe, expect, it, vi } from "@effect/vitest"
import { type Reader, readers, type Wanted } from "./readers.ts"
import {
  type Connection,
  eventsOf,
  frame,
  heartbeat,
  hello,
  refusing,
  serviceOf,
  streaming
} from "./Scripted.ts"

const unauthorized = () => refusing(401, { _tag: "Unauthorized", message: "no such key" })
const later = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000)

describe.each(readers)("a stream with %s", (_name, read) => {
  const reading: Array<Reader> = []
  beforeEach(() => void vi.useFakeTimers())
  afterEach(async () => {
    const left = reading.splice(0).map((reader) => reader.leave())
    // Some consumers have to wake up first.
    await later(600)
    await Promise.all(left)
    vi.useRealTimers()
  })

  /** A reader of a service that answers so, and the service. */
  const follow = (
    answer: (connection: Connection, nth: number) => Response | undefined,
    wanted: Wanted = {}
  ) => {
    const service = serviceOf(answer)
    const reader = read({ fetch: service.fetch, ...wanted })
    reading.push(reader)
    return { reader, ...service }
  }
  const placesOf = (connections: ReadonlyArray<Connection>) =>
    connections.map(({ url }) => url.searchParams.get("after"))

  it("sends the key in a header, and the filter in the address", async () => {
    const { connections } = follow(() => streaming, {
      baseUrl: "http://service.test/below/",
      after: 7,
      event: ["call", "messages.upsert"],
      instance: "a/b ç",
      server: "eu"
    })
    await later(1)
    const { headers, url } = connections[0] ?? expect.fail("no connection")
    expect(url.pathname).toBe("/below/events/stream")
    expect(Object.fromEntries(url.searchParams)).toEqual({
      after: "7",
      event: "call,messages.upsert",
      instance: "a/b ç",
      server: "eu"
    })
    expect(headers.get("authorization")).toBe("Bearer the-key")
    expect(url.href).not.toContain("the-key")
  })

  it("goes on after its last event, whether the connection ends, breaks, or tears a frame", async () => {
    const { connections, reader } = follow((connection, nth) => {
      if (nth === 1) connection.send(hello(4) + eventsOf(5, 6) + eventsOf(7).slice(0, 30))
      else connection.send(hello(6) + eventsOf(nth + 5))
      return streaming
    })
    await later(0)
    connections[0]?.lose()
    await later(1)
    connections[1]?.end()
    await later(1)
    expect(reader.ids).toEqual([5, 6, 7, 8])
    expect(placesOf(connections)).toEqual([null, "6", "7"])
    expect(reader.interruptions).toEqual(["failed", "ended"])
  })

  it("comes back to the greeting's place, if no event came before the connection was lost", async () => {
    const { connections } = follow((connection) => {
      connection.send(hello(40, false))
      return streaming
    })
    await later(0)
    connections[0]?.lose()
    await later(1)
    expect(placesOf(connections)).toEqual([null, "40"])
  })

  it("is opened again after 40 s without a word, and not while heartbeats come", async () => {
    const { connections, reader } = follow((connection) => {
      connection.send(hello(4))
      return streaming
    })
    for (let minutes = 0; minutes < 5; minutes += 0.25) {
      await later(15)
      connections[0]?.send(heartbeat)
    }
    expect(reader.interruptions).toEqual([])
    await later(39)
    expect(connections.length).toBe(1)
    await later(3)
    expect([connections.length, connections[0]?.isClosed()]).toEqual([2, true])
    expect(reader.interruptions).toEqual(["silent"])
  })

  it("is asked for again after 40 s without an answer", async () => {
    const { connections, reader } = follow(() => undefined)
    await later(42)
    expect([connections.length, connections[0]?.isClosed()]).toEqual([2, true])
    expect(reader.interruptions).toEqual(["silent"])
  })

  it("is not taken for silent while its consumer works on an event", async () => {
    const { connections, reader } = follow(
      (connection) => {
        connection.send(hello(4) + eventsOf(5, 6))
        return streaming
      },
      { consume: () => new Promise((resolve) => setTimeout(resolve, 300_000)) }
    )
    await later(400)
    expect(reader.ids).toEqual([5, 6])
    expect(connections.length).toBe(1)
  })

  it("fails for good when the service refuses, and asks no more", async () => {
    for (const status of [400, 401, 403]) {
      const error = { _tag: "Forbidden", message: "The key is bound to other instances" }
      const { connections, reader } = follow(() => refusing(status, error))
      await later(600)
      expect(reader.failure()).toMatchObject({ status, message: error.message })
      expect(connections.length).toBe(1)
    }
  })

  it("fails for good also when a key is revoked while it is away", async () => {
    const { reader } = follow((connection, nth) => {
      if (nth === 2) return unauthorized()
      connection.send(hello(4) + eventsOf(5))
      connection.end()
      return streaming
    })
    await later(5)
    expect(reader.ids).toEqual([5])
    expect(reader.failure()).toMatchObject({ status: 401 })
  })

  it("waits as long as a refusal asks", async () => {
    const busy = { _tag: "TooManyTries", message: "wait", retryAfterSeconds: 50 }
    const { connections, reader } = follow((_, nth) => {
      if (nth === 1) return refusing(429, busy)
      return nth === 2 ? refusing(503, "starting", { "retry-after": "20" }) : streaming
    })
    await later(50)
    expect(connections.length).toBe(1)
    await later(2)
    expect(connections.length).toBe(2)
    await later(19)
    expect(connections.length).toBe(2)
    await later(4)
    expect(connections.length).toBe(3)
    expect(reader.interruptions).toEqual(["refused", "refused"])
  })

  it("takes a page of something in between for a wrong address, until a stream was read", async () => {
    const page = () => refusing(404, "<h1>404</h1>", { "content-type": "text/html" })
    const wrong = follow(page)
    await later(60)
    expect(wrong.reader.failure()).toMatchObject({ _tag: expect.any(String), status: 404 })
    const away = follow((connection, nth) => {
      if (nth > 1 && nth < 5) return page()
      connection.send(hello(4) + eventsOf(nth))
      connection.end()
      return streaming
    })
    await later(60)
    expect(away.reader.ids.slice(0, 2)).toEqual([1, 5])
    expect(away.reader.failure()).toBeUndefined()
  })

  it("takes longer and longer pauses while nothing comes, up to half a minute", async () => {
    const { connections } = follow((connection) => {
      connection.send(hello(4))
      connection.end()
      return streaming
    })
    await later(10)
    expect(connections.length).toBeGreaterThan(3)
    const before = connections.length
    await later(600)
    expect(connections.length - before).toBeGreaterThan(19)
    expect(connections.length - before).toBeLessThan(45)
  })

  it("begins anew with short pauses after an event", async () => {
    let isAway = false
    const { connections } = follow((connection, nth) => {
      if (isAway) return refusing(502, "")
      connection.send(hello(nth) + eventsOf(nth))
      connection.end()
      return streaming
    })
    await later(60)
    expect(connections.length).toBeGreaterThan(50)
    isAway = true
    await later(300)
    isAway = false
    await later(31)
    const before = connections.length
    await later(10)
    expect(connections.length - before).toBeGreaterThan(8)
  })

  it("fails when events were purged, with the places between which they were", async () => {
    const { connections, reader } = follow(
      (connection) => {
        connection.send(hello(7, false) + eventsOf(90))
        return streaming
      },
      { after: 7 }
    )
    await later(60)
    expect(reader.failure()).toMatchObject({ _tag: "EventsMissed", after: 7, cursor: 7 })
    expect(reader.ids).toEqual([])
    expect(connections[0]?.isClosed()).toBe(true)
  })

  it("tells who wants to know of purged events, and goes on", async () => {
    const { reader } = follow(
      (connection) => {
        connection.send(hello(7) + eventsOf(8) + hello(8, false) + eventsOf(90))
        return streaming
      },
      { after: 7, goesOn: true }
    )
    await later(1)
    expect(reader.ids).toEqual([8, 90])
    expect(reader.missed).toEqual([{ after: 8, cursor: 8 }])
  })

  it("tells of states and of the reason of an end", async () => {
    const { reader } = follow((connection) => {
      const state = { _tag: "Stopped", since: "2026-01-01T00:00:00.000Z" }
      connection.send(hello(7) + frame("status", 7, { name: "shop", server: "eu", state }))
      connection.send(frame("bye", 9, { reason: "too_slow", message: "You read slowly" }))
      return streaming
    })
    await later(0)
    expect(reader.statuses).toEqual(["eu/shop Stopped"])
    expect(reader.interruptions).toEqual(["too_slow"])
  })

  it("asks for a new token before each connection, also when there is none for a while", async () => {
    let made = 0
    const { connections, reader } = follow(
      (connection) => {
        connection.send(hello(4) + eventsOf(made))
        connection.end()
        return streaming
      },
      {
        streamToken: async () => {
          if (++made === 2) throw new Error("away")
          return `token-${made}`
        }
      }
    )
    await later(4)
    expect(connections.slice(0, 2).map(({ url }) => url.searchParams.get("token"))).toEqual([
      "token-1",
      "token-3"
    ])
    expect(connections[0]?.headers.get("authorization")).toBeNull()
    expect(reader.interruptions.slice(0, 2)).toEqual(["ended", "failed"])
  })

  it("is hung up when its consumer leaves, and not opened again", async () => {
    const { connections, reader } = follow((connection) => {
      connection.send(hello(4) + eventsOf(5))
      return streaming
    })
    await later(1)
    await reader.leave()
    expect(connections[0]?.isClosed()).toBe(true)
    await later(600)
    expect(connections.length).toBe(1)
  })
})
