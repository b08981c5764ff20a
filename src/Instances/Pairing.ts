/** Links a phone to an instance: gives the codes that came over the socket, and has Evolution make new ones. */
import { Context, DateTime, Duration, Effect, Layer, Option, Stream } from "effect"
import type { InstanceNotFound } from "../Domain/EvolutionError.ts"
import { currentQr, type InstanceName, type Qr } from "../Domain/Instance.ts"
import {
  type PairingCode,
  type Progress,
  progressOf,
  type QrNotAvailable
} from "../Domain/Pairing.ts"
import type { InstanceStatus } from "../Domain/Status.ts"
import * as Tracing from "../Telemetry/Tracing.ts"
import { Instances } from "./Instances.ts"
import * as Codes from "./Pairing/Codes.ts"
import * as Rounds from "./Pairing/Rounds.ts"

export { NoCode, PairingCode, type Progress, QrNotAvailable } from "../Domain/Pairing.ts"
export type { Wanted } from "./Pairing/Codes.ts"

export class Pairing extends Context.Tag("evolution-listener/Pairing")<
  Pairing,
  {
    /** A code to scan; fails at once if waiting cannot bring one. Asks Evolution nothing. */
    readonly qrcode: (
      name: InstanceName,
      wanted?: Codes.Wanted
    ) => Effect.Effect<Qr, InstanceNotFound | QrNotAvailable>
    /** Makes Evolution begin a round of codes, unless one is under way. */
    readonly request: (name: InstanceName) => Effect.Effect<InstanceStatus, Rounds.Refusal>
    /** A code to type on the phone of this number (digits, country code first). */
    readonly pair: (
      name: InstanceName,
      number: string
    ) => Effect.Effect<PairingCode, Rounds.Refusal>
    /** The progress, now and after each change, without end. */
    readonly progress: (name: InstanceName) => Stream.Stream<Progress>
  }
>() {
  static readonly layer = Layer.scoped(
    Pairing,
    Effect.suspend(() => make)
  )
}

/** WhatsApp's pairing code comes a few seconds later. */
const codeTimeout = Duration.seconds(30)

const make = Effect.gen(function* () {
  const instances = yield* Instances
  const codes = yield* Codes.make
  const { isFor, round } = yield* Rounds.make(codes)

  const pair = (name: InstanceName, number: string): Effect.Effect<PairingCode, Rounds.Refusal> =>
    Effect.gen(function* () {
      const { record } = yield* codes.known(name)
      const isOurs = currentQr(record, yield* DateTime.now) !== null && isFor(name, number)
      if (!isOurs) yield* round(name, number)
      if (!isFor(name, number)) return yield* codes.refuse(name, "not_possible")
      const after = isOurs ? 0 : record.qrSequence
      const { pairingCode, ...code } = yield* codes.qrcode(name, { after, wait: codeTimeout })
      return pairingCode === null
        ? yield* codes.refuse(name, "not_possible")
        : { ...code, pairingCode }
    })

  return Pairing.of({
    qrcode: codes.qrcode,
    pair: (name, number) => Tracing.command("instance.pair", name)(pair(name, number)),
    request: (name) =>
      Tracing.command(
        "instance.request_qr",
        name
      )(Effect.zipRight(round(name), instances.status(name))),
    progress: (name) =>
      codes.occasions(name).pipe(
        Stream.mapEffect(() =>
          Effect.zipWith(Effect.option(codes.known(name)), DateTime.now, (found, now) =>
            Option.match(found, {
              onNone: (): Progress => ({ state: "ended" }),
              onSome: ({ listener, record }) => progressOf(record, listener, now)
            })
          )
        ),
        Stream.changesWith(isSame)
      )
  })
})

const isSame = (left: Progress, right: Progress): boolean =>
  left.state === "scan" && right.state === "scan"
    ? left.qr.sequence === right.qr.sequence
    : left.state === right.state
