import { describe, expect, it } from "@effect/vitest"
import { DateTime } from "effect"
import {
  EvolutionRefused,
  EvolutionUnavailable,
  KeyRefused,
  LicenseRequired,
  NameImpossible
} from "../../src/Domain/EvolutionError.ts"
import {
  ConnectionLost,
  DialFailed,
  ModeChanged,
  NamespaceRefused,
  UpgradeRefused
} from "../../src/Domain/LinkError.ts"
import * as State from "../../src/Domain/ListenerState.ts"
import { defaultServer } from "../../src/Domain/Server.ts"
import type { InstanceStatus } from "../../src/Domain/Status.ts"
import {
  type Found,
  type ServerSummary as Summary,
  summaryOf,
  unproven
} from "../../src/Domain/Summary.ts"
import { status } from "../Http/Metrics/statuses.ts"

const now = DateTime.unsafeMake(1_000_000)
const connecting = State.connecting(State.stopped(now), now)
const up = State.listening(connecting, now)

const waiting = (error: State.SessionError) =>
  State.waiting(up, { since: now, nextAttempt: now, isFlapping: false, error })

const well = (facts: Partial<Found> = {}): Found => ({
  server: defaultServer,
  settings: { url: "EVOLUTION_API_URL", key: "EVOLUTION_API_KEY" },
  url: "http://evolution:8080/",
  mode: "global",
  listensBy: "global",
  version: "2.3.7",
  link: up,
  events: { ...unproven(now), state: "proven" },
  list: { at: now, error: null },
  clockOffset: null,
  ...facts
})

const summary = (facts?: Partial<Found>, statuses: ReadonlyArray<InstanceStatus> = []): Summary =>
  summaryOf(well(facts), statuses, () => true)

const away = () => new EvolutionUnavailable({ message: "connect ECONNREFUSED", status: null })
const keyRefused = () => new KeyRefused({ message: "401" })
const unlicensed = () => new LicenseRequired({ message: "503" })
const gone = { _tag: "SqlError" as const, message: "gone" }
const noSocket = JSON.stringify({
  status: 404,
  error: "Not Found",
  response: { message: ["Cannot GET /socket.io/?EIO=4&transport=websocket"] }
})

/** The facts that make each condition, its next step, and words of its sentence. */
const conditions: ReadonlyArray<
  readonly [Summary["condition"], () => Partial<Found>, Summary["userAction"], string]
> = [
  [
    "key_refused",
    () => ({ list: { at: now, error: keyRefused() } }),
    "check_api_key",
    "EVOLUTION_API_KEY has to be Evolution's AUTHENTICATION_API_KEY"
  ],
  [
    "license_required",
    () => ({ link: waiting(unlicensed()) }),
    "activate_license",
    "activate it at its /manager/login"
  ],
  [
    "websocket_disabled",
    () => ({ link: waiting(UpgradeRefused.of(404, noSocket)) }),
    "enable_websocket",
    "set WEBSOCKET_ENABLED=true at Evolution"
  ],
  [
    "not_reached",
    () => ({ list: { at: now, error: away() } }),
    "wait",
    "Evolution does not answer at http://evolution:8080/: connect ECONNREFUSED; check EVOLUTION_API_URL"
  ],
  [
    "no_link",
    () => ({ link: waiting(DialFailed.of("ECONNRESET", "reset")) }),
    "wait",
    "its socket does not: Cannot reach Evolution: reset"
  ],
  ["starting", () => ({ link: connecting }), "wait", "look again in a moment"],
  [
    "not_broadcast",
    () => ({ events: { ...unproven(now), state: "silent" } }),
    "enable_global_events",
    "brings no events: set WEBSOCKET_GLOBAL_EVENTS=true at Evolution and restart it, or EVOLUTION_MODE=auto here"
  ],
  [
    "by_namespace",
    () => ({ mode: "auto", listensBy: "namespace" }),
    "none",
    "each instance is listened to by its namespace"
  ],
  ["unproven", () => ({ events: unproven(now) }), "none", "No event has come yet"],
  ["well", () => ({}), "none", "Events reach us; there is nothing to do"]
]

describe("A summary, of its facts", () => {
  it("has for each condition the next step and a sentence", () => {
    for (const [condition, facts, userAction, words] of conditions) {
      const found = summary(facts())
      expect(found, condition).toMatchObject({ condition, userAction })
      expect(found.message).toContain(words)
    }
  })

  it("tells what is known of Evolution", () => {
    expect(unproven(now)).toEqual({ state: "unproven", since: now, evidence: null, instance: null })
    expect(summary({ clockOffset: { least: 31_000, most: 32_000 } }).evolution).toEqual({
      url: "http://evolution:8080/",
      mode: "global",
      listensBy: "global",
      version: "2.3.7",
      isReachable: true,
      isKeyAccepted: true,
      link: up,
      events: { state: "proven", since: now, evidence: null, instance: null },
      list: { at: now, error: null },
      clockOffsetMillis: 31_000
    })
    expect(summary().evolution.clockOffsetMillis).toBeNull()
  })

  it("says what its list proves of Evolution and of the key", () => {
    const refused = new EvolutionRefused({ message: "500", status: 500 })
    const proofs: ReadonlyArray<readonly [Found["list"], boolean | null, boolean | null]> = [
      [{ at: null, error: null }, null, null],
      [{ at: now, error: null }, true, true],
      [{ at: now, error: gone }, null, null],
      [{ at: null, error: gone }, null, null],
      [{ at: now, error: away() }, false, null],
      [{ at: null, error: away() }, false, null],
      [{ at: now, error: refused }, true, null],
      [{ at: now, error: keyRefused() }, true, false]
    ]
    for (const [list, isReachable, isKeyAccepted] of proofs) {
      const found = summary({ list }).evolution
      expect(found).toMatchObject({ isReachable, isKeyAccepted })
      expect(found.list).toEqual({ at: list.at, error: list.error?.message ?? null })
    }
  })

  it("says no key is accepted that the socket refuses, though a list came before", () => {
    const found = summary({ link: waiting(UpgradeRefused.of(400, "Invalid global token")) })
    expect(found.condition).toBe("key_refused")
    expect(found.evolution.isKeyAccepted).toBe(false)
  })

  it("needs a licence also where the socket alone says so", () => {
    const answer = JSON.stringify({ error: "service not activated", code: "LICENSE_REQUIRED" })
    const { condition } = summary({ link: waiting(UpgradeRefused.of(503, answer)) })
    expect(condition).toBe("license_required")
  })

  it("starts while neither a list nor an error is there, and with an error of our own database", () => {
    const starts: ReadonlyArray<Partial<Found>> = [
      { list: { at: null, error: null }, link: waiting(DialFailed.of("X", "x")) },
      { list: { at: null, error: gone } },
      { list: { at: null, error: null }, events: { ...unproven(now), state: "silent" } }
    ]
    for (const facts of starts) expect(summary(facts).condition).toBe("starting")
    expect(
      summary({ list: { at: null, error: gone }, link: waiting(DialFailed.of("X", "x")) }).condition
    ).toBe("no_link")
  })

  it("takes no error from a link that is up, stopped, or ended by a bug of ours", () => {
    const crashed = new State.ListenerCrashed({ message: "bug" })
    const links: ReadonlyArray<State.ListenerState | null> = [
      null,
      up,
      State.stopped(now),
      State.parked(up, { since: now, nextAttempt: null, userAction: "report_bug", error: crashed })
    ]
    for (const link of links) expect(summary({ link }).condition).toBe("well")
    const { condition } = summary({ link: State.refused(connecting, keyRefused()) })
    expect(condition).toBe("key_refused")
  })

  it("takes no error of one namespace for one of Evolution, and looks on for another", () => {
    const withError = (error: State.SessionError): InstanceStatus => ({
      ...status("shop-1"),
      listener: { state: waiting(error), ageSeconds: 0 }
    })
    const own = [
      NamespaceRefused.of("/shop-1", "Invalid namespace"),
      NameImpossible.asNamespace("a,b"),
      ModeChanged.to("global")
    ].map(withError)
    for (const one of own) expect(summary({ link: null }, [one]).condition).toBe("well")
    const lost = withError(ConnectionLost.of(1006, ""))
    const found = summary({ link: null }, [...own, lost, withError(keyRefused())])
    expect(found.condition).toBe("no_link")
    expect(found.message).toContain("Evolution closed the link: 1006")
  })

  it("counts the instances by their states", () => {
    const statuses: ReadonlyArray<InstanceStatus> = [
      status("shop-1", { whatsapp: "open" }),
      status("shop-2", { whatsapp: "open", gap: ["connection_lost", 60], unrecovered: 2 }),
      { ...status("shop-3", { listener: "parked", unrecovered: 3 }), ignoredEvents: 5 },
      { ...status("shop-4"), ignoredEvents: 7 }
    ].map((one) =>
      one.name === "shop-4" ? { ...one, desired: { ...one.desired, state: "stopped" } } : one
    )
    expect(summary({}, statuses).instances).toEqual({
      known: 4,
      listenedTo: 3,
      listeners: { Listening: 3, Parked: 1 },
      whatsapp: { open: 2, unknown: 2 },
      userActions: { none: 2, check_api_key: 1, wait: 1 },
      gapsOpen: 1,
      gapsUnrecovered: 5,
      ignoredEvents: 12
    })
  })

  it("shows the evidence to a caller who may see all instances, and hides it from one who may not", () => {
    const silent = well({
      events: { ...unproven(now), state: "silent", evidence: "We created it", instance: "shop-1" }
    })
    const statuses = [status("shop-1"), status("shop-2")]
    expect(summaryOf(silent, statuses, () => true).evolution.events).toEqual(silent.events)
    expect(summaryOf(silent, statuses, (name) => name === "shop-2").evolution.events).toEqual({
      ...unproven(now),
      state: "silent"
    })
  })
})
