import { describe, expect, it } from "@effect/vitest"
import { DateTime } from "effect"
import {
  EvolutionUnavailable,
  KeyRefused,
  LicenseRequired
} from "../../src/Domain/EvolutionError.ts"
import { DialFailed, UpgradeRefused } from "../../src/Domain/LinkError.ts"
import * as State from "../../src/Domain/ListenerState.ts"
import { defaultServer, ServerId } from "../../src/Domain/Server.ts"
import { type Found, summaryOf, together, unproven } from "../../src/Domain/Summary.ts"
import { status } from "../Http/Metrics/statuses.ts"

const now = DateTime.unsafeMake(1_000_000)
const up = State.listening(State.connecting(State.stopped(now), now), now)

const waiting = (error: State.SessionError) =>
  State.waiting(up, { since: now, nextAttempt: now, isFlapping: false, error })

const well: Found = {
  server: defaultServer,
  settings: { url: "EVOLUTION_API_URL", key: "EVOLUTION_API_KEY" },
  url: "http://evolution:8080/",
  mode: "global",
  listensBy: "global",
  version: "2.3.7",
  link: up,
  events: { ...unproven(now), state: "proven" },
  list: { at: now, error: null },
  clockOffset: null
}

const refused = (status: number, body: string) => waiting(UpgradeRefused.of(status, body))
const noSocket = JSON.stringify({
  status: 404,
  error: "Not Found",
  response: { message: ["Cannot GET /socket.io/?EIO=4&transport=websocket"] }
})
const away = new EvolutionUnavailable({ message: "connect ECONNREFUSED", status: null })
const silent = {
  ...unproven(now),
  state: "silent" as const,
  evidence: 'We created "shop-1"',
  instance: "shop-1"
}

describe("A summary", () => {
  it.each([
    ["well", {}],
    ["unproven", { events: unproven(now) }],
    ["not_broadcast", { events: silent }],
    // EvolutionAPI/evolution-api#853, #176: no events at "/", where global events are off.
    ["by_namespace", { mode: "auto", listensBy: "namespace" }],
    ["by_namespace", { mode: "auto", listensBy: "namespace", events: unproven(now) }],
    ["not_broadcast", { mode: "auto", events: silent }],
    ["well", { mode: "auto" }],
    ["well", { mode: "namespace", listensBy: "namespace" }],
    ["starting", { list: { at: null, error: null } }],
    ["starting", { link: State.connecting(State.stopped(now), now) }],
    ["no_link", { link: waiting(DialFailed.of("ECONNRESET", "reset")) }],
    // A proxy that passes REST and no upgrade.
    ["no_link", { link: refused(400, "<html>Bad Request</html>") }],
    ["not_reached", { list: { at: null, error: away } }],
    ["not_reached", { list: { at: now, error: away }, link: waiting(DialFailed.of("X", "x")) }],
    ["websocket_disabled", { link: refused(404, noSocket) }],
    ["key_refused", { link: refused(400, "Invalid global token") }],
    ["key_refused", { list: { at: null, error: new KeyRefused({ message: "401" }) } }],
    ["license_required", { list: { at: null, error: new LicenseRequired({ message: "503" }) } }],
    // Our own database is not Evolution's fault.
    ["well", { list: { at: now, error: { _tag: "SqlError" as const, message: "gone" } } }]
  ] as const)("is %s (%#)", (condition, facts) => {
    expect(summaryOf({ ...well, ...facts }, [], () => true).condition).toBe(condition)
  })

  it("has a line about each server, without its link, in the order in which they are given", () => {
    const [eu, br] = ["eu", "br"].map((id) =>
      summaryOf({ ...well, server: ServerId.make(id) }, [status("shop-1", {})], () => true)
    )
    if (eu === undefined || br === undefined) throw new Error("Two were made")
    const all = together(br, [eu, br])
    expect([all.server, all.evolution]).toEqual(["br", br.evolution])
    expect(all.servers.map(({ server }) => server)).toEqual(["eu", "br"])
    expect(all.servers[0]).toEqual({
      server: "eu",
      condition: "well",
      message: eu.message,
      userAction: "none",
      instances: eu.instances
    })
  })

  it("names the settings of its own server", () => {
    const settings = { url: "EVOLUTION_API_URL__BR", key: "EVOLUTION_API_KEY__BR" }
    const error = new KeyRefused({ message: "401" })
    const refused = summaryOf({ ...well, settings, list: { at: null, error } }, [], () => true)
    expect(refused.message).toContain("EVOLUTION_API_KEY__BR has to be")
    const lost = summaryOf({ ...well, settings, list: { at: null, error: away } }, [], () => true)
    expect(lost.message).toContain("check EVOLUTION_API_URL__BR,")
  })

  it("counts only what the caller may see, and names no other instance", () => {
    const statuses = [status("shop-1", {}), status("shop-2", {})]
    const all = summaryOf({ ...well, events: silent }, statuses, () => true)
    expect([all.instances.known, all.evolution.events.instance]).toEqual([2, "shop-1"])
    const bound = summaryOf({ ...well, events: silent }, statuses, (name) => name === "shop-2")
    expect(bound.instances).toMatchObject({ known: 1, listenedTo: 1, listeners: { Listening: 1 } })
    expect(JSON.stringify(bound)).not.toContain("shop-1")
  })

  it("takes the error of a listener where each has a link of its own", () => {
    const found: Found = { ...well, mode: "namespace", link: null }
    expect(summaryOf(found, [status("shop-1", { listener: "parked" })], () => true).condition).toBe(
      "no_link"
    )
  })
})
