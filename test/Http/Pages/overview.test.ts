import { describe, expect, it } from "@effect/vitest"
import { defaultServer } from "../../../src/Domain/Server.ts"
import { Condition } from "../../../src/Domain/Summary.ts"
import { overviewOf } from "../../../src/Http/Pages/overview.js"

const summary = (condition: Condition): Parameters<typeof overviewOf>[0] => ({
  server: defaultServer,
  servers: [],
  condition,
  message: "what the service says",
  userAction: "none",
  evolution: {
    url: "http://evolution:8080/",
    mode: "global",
    listensBy: "global",
    version: "2.3.7",
    isReachable: true,
    isKeyAccepted: true,
    link: { _tag: "Stopped", since: "2026-11-30T00:00:00.000Z" },
    events: { state: "proven", since: "2026-11-30T00:00:00.000Z", evidence: null, instance: null },
    list: { at: null, error: "connect ECONNREFUSED" },
    clockOffsetMillis: null
  },
  instances: {
    known: 400,
    listenedTo: 398,
    listeners: {},
    whatsapp: {},
    userActions: {},
    gapsOpen: 0,
    gapsUnrecovered: 0,
    ignoredEvents: 0
  }
})

describe("The strip about Evolution", () => {
  it("is one quiet line when all is well", () => {
    expect(overviewOf(summary("well"))).toEqual({
      tone: "",
      text: "Evolution 2.3.7: 398 of 400 instances are listened to, and events come."
    })
  })

  it.each([
    ["key_refused", "EVOLUTION_API_KEY"],
    ["websocket_disabled", "WEBSOCKET_ENABLED=true"],
    ["not_broadcast", "WEBSOCKET_GLOBAL_EVENTS=true"],
    ["not_reached", "http://evolution:8080/"],
    ["no_link", "ECONNREFUSED"]
  ] as const)("says for %s what to do, loudly", (condition, words) => {
    const { text, tone } = overviewOf(summary(condition))
    expect([text, tone]).toEqual([expect.stringContaining(words), "bad"])
  })

  it("says quietly that instances are listened to by their namespaces", () => {
    const { text, tone } = overviewOf(summary("by_namespace"))
    expect([text, tone]).toEqual([expect.stringContaining("by its namespace"), ""])
  })

  it("has no place left without a fact", () => {
    for (const condition of Condition.literals)
      expect(overviewOf(summary(condition)).text).not.toMatch(/[{}]/)
  })
})
