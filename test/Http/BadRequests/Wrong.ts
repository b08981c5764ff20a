/** What is wrong: names, values and bodies that no operation takes. */

export const badNames = [
  "%00",
  "shop%00",
  "../events",
  "%E0%A4%A",
  "%zz",
  // Half of a surrogate pair in UTF-8, which no decoder takes.
  "%ED%A0%BD",
  "x".repeat(256),
  "x".repeat(5000)
]

export const badQueries: Readonly<Record<string, ReadonlyArray<string>>> = {
  limit: ["0", "-1", "1001", "ten", "1.5", "1e9", "", "NaN", "%00", "0x10", "9".repeat(400)],
  after: ["-1", "1.5", "x", "1e300", "", "%F0%9F%98%80", "Infinity"],
  before: ["-1", "1.5", "x", "1e300", ""],
  event: ["", ",", "a,,b", "a b", "%00", "x".repeat(101), `${"a,".repeat(40)}a`, "%ff"],
  instance: ["", "x".repeat(256), "%00", "a%00b"],
  hours: ["0", "169", "-1", "x", ""],
  wait: ["-1", "61", "x", ""],
  format: ["gif", "", "PNG", "%00"],
  purge: ["yes", "", "2", "%00"]
}

export const badFields: Readonly<Record<string, ReadonlyArray<unknown>>> = {
  "/endpoints name": ["", "x".repeat(101), 1, null, [], {}, "a\u0000", "a\nb", true],
  "/endpoints/{id} name": ["", "x".repeat(101), 1, null, [], {}, "a\u0000", "a\nb", true],
  "/endpoints/{id} events": [[], [""], "messages.upsert", [1], ["a b"], Array(101).fill("a")],
  "/endpoints/{id} order": ["random", "", 1],
  "/endpoints/{id} concurrency": [0, 65, "1", 1.5],
  "/endpoints/{id} target": [null, 1, "https://example.com", [], { type: "nats" }, { color: 1 }],
  overlap: [-1, 86_401, "1", 1.5, null],
  eventId: [0, -1, "1", 1.5, null, 1e300],
  "/endpoints instances": [[], ["a\\b"], "shop-*", Array(101).fill("a"), [1], null],
  servers: [[], ["EU"], "eu", [1], null, ["never"]],
  target: [null, 1, "https://example.com", [], {}, { type: "webhook" }, { type: "smoke" }],
  events: [[], [""], "messages.upsert", [1], null, ["a b"], Array(101).fill("a")],
  order: ["random", "", null, 1],
  retryDelays: [[], [0], [86_401], "5", [1.5], null, Array(21).fill(1)],
  concurrency: [0, 65, "1", 1.5, null],
  start: ["yesterday", null, {}, { cursor: -1 }, { time: "soon" }, 5],
  secret: ["", "whsec_", "whsec_short", 1, null],
  "/keys name": ["", "x".repeat(101), 1, null, [], {}, "a\u0000", "a\nb", true],
  name: ["", "x".repeat(256), 1, null, [], {}, "a\u0000", "a\ud800", true],
  number: ["12", "+5511999990001", 5511, "abc", "1".repeat(21), null, "", ["5511999990001"]],
  token: ["", 1, null, {}],
  integration: ["TELEGRAM", "", null, 1],
  "/stream-tokens ttl": [0, 29, 3601, "900", 1.5, null, -1, 1e300],
  ttl: [0, 59, 86_401, "900", 1.5, null, -1, 1e300],
  ticket: [1, null, [], "not-one", ""],
  from: ["yesterday", 5, null, ""],
  to: ["tomorrow", 5, null, ""],
  limit: [0, -1, "10", 1.5, null, 10_000_001, 1e300],
  scope: ["god", "", null, 1],
  instances: [[], ["a\\b"], "shop-*", Array(101).fill("a"), [1], null],
  expiresAt: ["yesterday", 5, null, ""]
}

/** A sound body for each path that takes one, but for the names of what would come of it. */
export const soundBodies: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "/instances": { name: "other", integration: "EVOLUTION", number: "5511999990001", token: "t" },
  "/instances/{name}/pair": { number: "5511999990001" },
  "/instances/{name}/pairing-links": { ttl: 900 },
  "/instances/{name}/import": {
    from: "2026-01-01T00:00:00Z",
    to: "2026-01-02T00:00:00Z",
    limit: 10
  },
  "/endpoints": {
    name: "e",
    target: { type: "webhook", url: "https://example.com/" },
    events: ["messages.upsert"],
    instances: ["shop-*"],
    servers: ["default"],
    order: "instance",
    retryDelays: [5],
    concurrency: 1,
    start: "now",
    secret: `whsec_${"A".repeat(43)}=`
  },
  "/endpoints/{id}": {
    name: "e2",
    events: ["call"],
    order: "none",
    concurrency: 2,
    target: { timeout: 5 }
  },
  "/endpoints/{id}/deliver": { eventId: 1 },
  "/endpoints/{id}/replay": {
    from: { cursor: 0 },
    to: { cursor: 1 },
    instances: ["shop-*"],
    events: ["call"]
  },
  "/endpoints/{id}/resume": { from: "now" },
  "/endpoints/{id}/rotate": { overlap: 60, secret: `whsec_${"A".repeat(43)}=` },
  "/endpoints/{id}/undelivered/retry": { eventId: 1 },
  "/stream-tokens": { ttl: 300 },
  "/session": { ticket: "x" },
  "/keys": { name: "k", scope: "read", instances: ["shop-*"], expiresAt: "2100-01-01T00:00:00Z" }
}

const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`

export const brokenBodies: ReadonlyArray<string | Buffer> = [
  "{",
  '{"name":"x"',
  "{'name':'x'}",
  '{"name":"x"}}',
  "name=x",
  "\u0000",
  "undefined",
  "NaN",
  '{"name":1e999999}x',
  '"\\ud800',
  "﻿{",
  deep(300),
  deep(5000),
  "[".repeat(60_000),
  Buffer.from('{"name":"é"}', "latin1"),
  Buffer.from('\ufeff{"name":"x"}', "utf16le"),
  Buffer.from([0xff, 0xfe, 0x00]),
  Buffer.from([0x1f, 0x8b, 0x08, 0x00])
]

export const wrongRoots: ReadonlyArray<unknown> = [
  null,
  1,
  "x",
  true,
  [],
  [[]],
  {},
  [{ name: "x" }]
]
