import { describe, expect, it } from "@effect/vitest"
import { defaultServer, ServerId } from "../../../src/Domain/Server.ts"
import { Condition } from "../../../src/Domain/Summary.ts"
import { overviewOf, reportsOf } from "../../../src/Http/Pages/overview.js"

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

  it("names the settings that a server has of its own", () => {
    const { text } = overviewOf({ ...summary("key_refused"), server: ServerId.make("br-2") })
    expect(text).toContain("EVOLUTION_API_KEY__BR_2 has to be Evolution’s AUTHENTICATION_API_KEY")
  })

  it("has no place left without a fact", () => {
    for (const condition of Condition.literals)
      expect(overviewOf(summary(condition)).text).not.toMatch(/[{}]/)
  })
})

describe("The reports of several servers", () => {
  it("are a word for each, and a sentence of its own for one in trouble", async () => {
    const [eu, br, us] = ["eu", "br", "us"].map((id) => ServerId.make(id))
    if (eu === undefined || br === undefined || us === undefined) return expect.fail()
    const asked: Array<string> = []
    const line = (server: ServerId, condition: Condition) => {
      const { evolution: _, servers: _none, ...rest } = summary(condition)
      return { ...rest, server }
    }
    const servers = [line(eu, "not_reached"), line(br, "well"), line(us, "key_refused")]
    const reports = await reportsOf({ ...summary("not_reached"), server: eu, servers }, (id) => {
      asked.push(id)
      return Promise.resolve({ ...summary("key_refused"), server: us })
    })
    expect(asked).toEqual(["us"])
    expect([...reports.keys()]).toEqual(["eu", "br", "us"])
    expect(reports.get("br")).toEqual({ condition: "well", tone: "good", text: "" })
    expect(reports.get("eu")).toMatchObject({ tone: "bad" })
    expect(reports.get("eu")?.text).toContain("EVOLUTION_API_URL__EU")
    expect(reports.get("us")?.text).toContain("EVOLUTION_API_KEY__US ")
  })
})
