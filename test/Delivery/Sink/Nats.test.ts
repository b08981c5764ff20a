import { describe, expect, it } from "@effect/vitest"
import { DiscardPolicy } from "@nats-io/jetstream"
import { Effect } from "effect"
import { listens, natsUrl } from "../../support/Brokers.ts"
import { admin, sinkTo } from "./Nats/admin.ts"
import { failureOf, outgoing, receivedAt } from "./outgoing.ts"

describe.skipIf(!(await listens(natsUrl)))("a sink of NATS", () => {
  it.scopedLive("delivers an event with its headers to the stream that it creates", () =>
    Effect.gen(function* () {
      const { manager, names, read } = yield* admin(natsUrl)
      const subject = `${names.prefix}.{server}.{instance}.{event}`
      const sink = yield* sinkTo(natsUrl, { subject, stream: names.stream })
      const message = { ...outgoing(7, { instance: "a.b *>\n" }), attempt: 2, isReplay: true }
      expect(yield* sink.send(message)).toEqual({})
      const [stored, ...others] = yield* read()
      expect(others).toEqual([])
      expect(stored?.subject).toBe(`${names.prefix}.default.a%2Eb%20%2A%3E%0A.messages.upsert`)
      expect(stored?.json()).toMatchObject({
        type: "messages.upsert",
        data: { id: 7, previous: 6, data: { text: "message 7" } }
      })
      const headers = Object.fromEntries(
        [...(stored?.header ?? [])].map(([name, [value]]) => [name, value])
      )
      expect(headers).toEqual({
        "Nats-Msg-Id": "evt_log_7",
        "Nats-Expected-Stream": names.stream,
        "Content-Type": "application/json",
        Event: "messages.upsert",
        Server: "default",
        Instance: "a%2Eb%20%2A%3E%0A",
        Cursor: "7",
        Previous: "6",
        Attempt: "2",
        Replay: "true",
        Timestamp: new Date(receivedAt).toISOString()
      })
      const { config } = yield* Effect.promise(() => manager.streams.info(names.stream))
      expect(config.subjects).toEqual([`${names.prefix}.>`])
      expect(config.max_age).toBe(7 * 86_400 * 1e9)
      expect(config.duplicate_window).toBe(600 * 1e9)
    })
  )

  it.scopedLive("leaves one copy of a message that is delivered again", () =>
    Effect.gen(function* () {
      const { names, read } = yield* admin(natsUrl)
      const target = { subject: `${names.prefix}.{event}`, stream: names.stream }
      const sink = yield* sinkTo(natsUrl, target)
      const other = yield* sinkTo(natsUrl, target)
      yield* sink.send(outgoing(1))
      yield* sink.send({ ...outgoing(1), attempt: 2 })
      yield* other.send({ ...outgoing(1), attempt: 3 })
      expect((yield* read()).length).toBe(1)
    })
  )

  it.scopedLive("keeps the order of each lane, over one connection", () =>
    Effect.gen(function* () {
      const { names, read } = yield* admin(natsUrl)
      const subject = `${names.prefix}.{server}.{instance}.{event}`
      const sink = yield* sinkTo(natsUrl, { subject, stream: names.stream })
      const lanes = ["one", "two", "three", "four", "five"]
      const cursors = Array.from({ length: 40 }, (_, index) => index + 1)
      yield* Effect.forEach(
        lanes,
        (instance) =>
          Effect.forEach(cursors, (id) =>
            sink.send({ ...outgoing(id, { instance }), id: `evt_${instance}_${id}` })
          ),
        { concurrency: "unbounded" }
      )
      const messages = yield* read()
      for (const lane of lanes)
        expect(
          messages
            .filter(({ header }) => header.get("Instance") === lane)
            .map(({ header }) => Number(header.get("Cursor")))
        ).toEqual(cursors)
    })
  )

  it.scopedLive("says so when no stream takes the subject, and delivers when one does", () =>
    Effect.gen(function* () {
      const { manager, names, read } = yield* admin(natsUrl)
      const sink = yield* sinkTo(natsUrl, { subject: `${names.prefix}.{instance}` })
      const failure = yield* failureOf(sink, outgoing(1))
      expect(failure.kind).toBe("answered")
      expect(failure.message).toContain(`no stream takes the subject "${names.prefix}.shop"`)
      yield* Effect.promise(() =>
        manager.streams.add({ name: names.stream, subjects: [`${names.prefix}.*`] })
      )
      yield* sink.send(outgoing(1))
      expect((yield* read()).length).toBe(1)
    })
  )

  it.scopedLive("creates its stream again after somebody has deleted it", () =>
    Effect.gen(function* () {
      const { manager, names, read } = yield* admin(natsUrl)
      const target = { subject: `${names.prefix}.{event}`, stream: names.stream }
      const sink = yield* sinkTo(natsUrl, target)
      yield* sink.send(outgoing(1))
      yield* Effect.promise(() => manager.streams.delete(names.stream))
      expect((yield* failureOf(sink, outgoing(2))).kind).toBe("answered")
      yield* sink.send(outgoing(2))
      expect((yield* read()).length).toBe(1)
    })
  )

  it.scopedLive("is told to wait by a full stream that discards what is new", () =>
    Effect.gen(function* () {
      const { manager, names } = yield* admin(natsUrl)
      const subjects = [`${names.prefix}.>`]
      yield* Effect.promise(() =>
        manager.streams.add({
          name: names.stream,
          subjects,
          max_msgs: 1,
          discard: DiscardPolicy.New
        })
      )
      const sink = yield* sinkTo(natsUrl, { subject: `${names.prefix}.{event}` })
      yield* sink.send(outgoing(1))
      const failure = yield* failureOf(sink, outgoing(2))
      expect(failure.kind).toBe("busy")
      expect(failure.message).toContain("the stream is full")
      yield* Effect.promise(() => manager.streams.purge(names.stream))
      yield* sink.send(outgoing(2))
    })
  )

  it.scopedLive("names the bound that a message exceeds, and delivers the next one", () =>
    Effect.gen(function* () {
      const { manager, names } = yield* admin(natsUrl)
      const subjects = [`${names.prefix}.>`]
      yield* Effect.promise(() =>
        manager.streams.add({ name: names.stream, subjects, max_msg_size: 100_000 })
      )
      const sink = yield* sinkTo(natsUrl, { subject: `${names.prefix}.{event}` })
      const ofStream = yield* failureOf(sink, outgoing(1, { text: "x".repeat(200_000) }))
      expect(ofStream.kind).toBe("answered")
      expect(ofStream.message).toContain("max_msg_size")
      const ofServer = yield* failureOf(sink, outgoing(1, { text: "x".repeat(8_000_000) }))
      expect(ofServer.kind).toBe("answered")
      expect(ofServer.message).toContain("the server takes 1048576 (max_payload)")
      yield* sink.send(outgoing(2))
    })
  )

  it.scopedLive("refuses a template that makes no subject, and a stream that it cannot bound", () =>
    Effect.gen(function* () {
      const { manager, names } = yield* admin(natsUrl)
      for (const subject of ["a b.{event}", "a.*.{event}", "a..{event}", ".{event}", "a.>"]) {
        const failure = yield* failureOf(yield* sinkTo(natsUrl, { subject }), outgoing(1))
        expect(failure.kind, subject).toBe("ours")
        expect(failure.message).toContain("makes no subject")
      }
      const any = yield* sinkTo(natsUrl, { subject: "{instance}.{event}", stream: names.stream })
      expect((yield* failureOf(any, outgoing(1))).message).toContain("begins with a name")

      yield* Effect.promise(() =>
        manager.streams.add({ name: names.stream, subjects: [`${names.prefix}.>`] })
      )
      const overlapping = yield* sinkTo(natsUrl, {
        subject: `${names.prefix}.{event}`,
        stream: `${names.stream}-2`
      })
      const failure = yield* failureOf(overlapping, outgoing(1))
      expect(failure.kind).toBe("ours")
      expect(failure.message).toContain("another one has some of its subjects")
    })
  )

  it.scopedLive("does not take a subscriber's answer, or its silence, for an acknowledgement", () =>
    Effect.gen(function* () {
      const { connection, names } = yield* admin(natsUrl)
      const sink = yield* sinkTo(natsUrl, { subject: `${names.prefix}.{event}` }, { timeout: 1 })
      const silent = connection.subscribe(`${names.prefix}.>`, { callback: () => undefined })
      yield* Effect.promise(() => connection.flush())
      const unanswered = yield* failureOf(sink, outgoing(1))
      expect(unanswered.kind).toBe("unreachable")
      expect(unanswered.message).toContain("no stream takes the subject")
      silent.unsubscribe()
      for (const answer of ["{}", "yes"]) {
        const subscription = connection.subscribe(`${names.prefix}.>`, {
          callback: (_, message) => void message.respond(answer)
        })
        yield* Effect.promise(() => connection.flush())
        const answered = yield* failureOf(sink, outgoing(1))
        expect(answered.kind).toBe("answered")
        expect(answered.message).toContain("something else than a stream answered")
        subscription.unsubscribe()
      }
    })
  )

  it.scopedLive("takes the longest names of instances", () =>
    Effect.gen(function* () {
      const { names, read } = yield* admin(natsUrl)
      const subject = `${names.prefix}.{server}.{instance}.{event}`
      const sink = yield* sinkTo(natsUrl, { subject, stream: names.stream })
      yield* sink.send(outgoing(1, { instance: "🙂".repeat(255) }))
      const [stored] = yield* read()
      expect(decodeURIComponent(stored?.header.get("Instance") ?? "")).toBe("🙂".repeat(255))
      expect(stored?.subject.length).toBeLessThan(600)
    })
  )
})
