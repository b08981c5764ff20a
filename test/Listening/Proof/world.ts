/** `Proof` over doubles: a link, Evolution's lists, and the calls of the ledger and of recovery. */
import { Clock, DateTime, Effect, Layer, Queue, Stream, TestClock } from "effect"
import { type Gap, type GapCause, opened } from "../../../src/Domain/Gap.ts"
import { InstanceName } from "../../../src/Domain/Instance.ts"
import * as State from "../../../src/Domain/ListenerState.ts"
import type { Flow } from "../../../src/Evolution/EventSource.ts"
import type { InstanceRow } from "../../../src/Evolution/EvolutionClient.ts"
import type { Found } from "../../../src/Listening/Discovery.ts"
import { ListenerRegistry } from "../../../src/Listening/ListenerRegistry.ts"
import { Proof } from "../../../src/Listening/Proof.ts"
import { autoSource, discoveryOf, ledgerOf, recoveryOf, sourceOf } from "../../support/doubles.ts"

export const [one, two] = [InstanceName.make("shop-1"), InstanceName.make("shop-2")]

type Row = Partial<Omit<InstanceRow, "_count">> & { readonly messages?: number | null }

const rowOf = (name: string, { messages = 0, ...row }: Row): InstanceRow => ({
  name,
  id: `id of ${name}`,
  connectionStatus: "open",
  ...row,
  _count: messages === null ? null : { Message: messages }
})

/** Two instances are listened to since `began`; the link is up since then, and brings nothing. */
/** `auto`: the source is in auto mode, and `world.changes` has what it was told. */
export const proving = (isShared: boolean | "auto" = true) =>
  Effect.gen(function* () {
    const began = yield* Clock.currentTimeMillis
    const lists = yield* Queue.unbounded<Found>()
    const gaps = new Map<string, Gap>()
    const listening = State.listening(
      State.stopped(DateTime.unsafeMake(began)),
      DateTime.unsafeMake(began)
    )
    const world = {
      began,
      /** The link as a whole; `undefined`: it is down. */
      link: { upSince: began, isHeldBack: false } as Partial<Flow> | undefined,
      flows: new Map<string, Partial<Flow>>(),
      states: new Map<InstanceName, State.ListenerState>([
        [one, listening],
        [two, listening]
      ]),
      ledger: [] as Array<readonly [string, string, number?, GapCause?]>,
      woken: [] as Array<string>,
      rounds: [] as Array<string>,
      looks: 0,
      /** Auto mode: the link for all instances, while their namespaces are listened to. */
      shared: undefined as Partial<Flow> | undefined
    }
    const flowOf = (flow: Partial<Flow> | undefined): Flow | undefined =>
      flow && {
        upSince: began,
        isHeldBack: false,
        lastEventAt: undefined,
        lastMessageAt: undefined,
        ...flow
      }
    const ledger = ledgerOf({
      open: (instance, from, cause) =>
        Effect.sync(() => {
          if (gaps.has(instance)) return
          world.ledger.push(["open", instance, from, cause])
          const facts = { instance, from: DateTime.unsafeMake(from), cause }
          gaps.set(instance, opened({ id: "d1b6ad67-6f8c-4c88-9d3a-0f3e9b9c0a11", ...facts }))
        }),
      close: (instance) =>
        Effect.sync(() => {
          if (gaps.delete(instance)) world.ledger.push(["close", instance])
        }),
      summary: (instance) => ({ open: gaps.get(instance) ?? null, unrecovered: 0 })
    })
    const flows = {
      flow: (name?: string) =>
        Effect.sync(() =>
          flowOf(name === undefined ? world.link : (world.flows.get(name) ?? world.link))
        ),
      shared: Effect.sync(() => flowOf(world.shared))
    }
    const auto = autoSource(flows)
    const note = (where: Array<string>, answer: boolean) => (name: string) =>
      Effect.sync(() => {
        where.push(name)
        return answer
      })
    const proof = yield* Effect.map(
      Layer.build(
        Proof.layer.pipe(
          Layer.provide([
            ledger,
            recoveryOf({
              wake: (name) => Effect.asVoid(note(world.woken, true)(name)),
              round: note(world.rounds, true)
            }),
            isShared === "auto" ? auto.layer : sourceOf({ ...flows, isShared }),
            discoveryOf({
              changes: Stream.fromQueue(lists),
              look: Effect.sync(() => {
                world.looks++
              })
            }),
            Layer.mock(ListenerRegistry, {
              all: Effect.sync(() => [...world.states].map(([name, state]) => ({ name, state })))
            })
          ])
        )
      ),
      (context) => Effect.runSync(Effect.provide(Proof, context))
    )
    yield* TestClock.adjust(0)
    return Object.assign(world, {
      proof,
      changes: auto.changes,
      state: Effect.map(proof.events, ({ state }) => state),
      /** Evolution gives its list now, and 6 s pass. */
      lists: (rows: Readonly<Record<string, Row>>) =>
        Effect.gen(function* () {
          const now = yield* DateTime.now
          const all = Object.entries(rows).map(([name, row]) => rowOf(name, row))
          const names = all.map(({ name }) => InstanceName.make(name))
          yield* Queue.offer(lists, { at: now, names, rows: all, unusable: [], error: null })
          yield* TestClock.adjust("6 seconds")
        }),
      /** An event of this instance comes now; it may bring a message. */
      hears: (name: string, isMessage = true) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const last = { lastEventAt: now, ...(isMessage && { lastMessageAt: now }) }
          world.link = { ...world.link, ...last }
          const before = world.flows.get(name) ?? { upSince: began }
          world.flows.set(name, { ...before, ...last })
          for (const other of [one, two])
            if (!world.flows.has(other)) world.flows.set(other, { upSince: began })
        })
    })
  })
