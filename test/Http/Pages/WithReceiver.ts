/** A world with a receiver of webhooks on this machine, which answers as it is told. */
import { Context, Effect, Schema } from "effect"
import { Endpoints } from "../../../src/Delivery/Endpoints.ts"
import type { Endpoint, Settings } from "../../../src/Domain/Endpoint.ts"
import * as EvolutionListener from "../../../src/EvolutionListener.ts"
import { EndpointWithSecret } from "../../../src/Http/Api/Endpoints/Bodies.ts"
import { NewKey } from "../../../src/Http/Api/Keys.ts"
import { scopedSimulator, textMessage } from "../../../src/Testing/mod.ts"
import { type Call, receiver } from "../../Delivery/Sink/receiver.ts"
import { storage } from "../../support/databases.ts"
import { at } from "../../support/ServiceProcess.ts"
import { key, serve } from "../Service.ts"
import { World } from "./World.ts"

interface Receiver {
  readonly port: number
  readonly calls: ReadonlyArray<Call>
  /** Answers a path with this status from now on, or only what matches; 200 if nothing was said. */
  readonly answer: (path: string, status: number, only?: RegExp) => void
}

export class WithReceiver extends World {
  readonly receiver: Receiver

  constructor(started: ConstructorParameters<typeof World>[0], to: Receiver) {
    super(started)
    this.receiver = to
  }

  /** The address of a path at the receiver. */
  readonly hook = (path: string) => `http://127.0.0.1:${this.receiver.port}${path}`

  /** The names of the events that came to a path. */
  readonly received = (path: string): ReadonlyArray<string> =>
    this.receiver.calls
      .filter((call) => call.path === path)
      .map(({ body }) => String(JSON.parse(body.toString("utf8")).type))

  /** A webhook to a path of its own, `/<name>`. */
  readonly webhook = async (name: string, more: object = {}) => {
    const target = { type: "webhook", url: this.hook(`/${name}`) }
    const { json } = await this.call("POST", "/endpoints", { name, target, ...more })
    return Schema.decodeUnknownSync(EndpointWithSecret)(json)
  }

  /** An endpoint that stands in the file. */
  readonly fromFile = async (settings: Settings): Promise<Endpoint> => {
    const { create } = Context.get(this.context, Endpoints)
    return (await Effect.runPromise(create({ settings, source: "file" }))).endpoint
  }

  readonly keyOf = async (scope: string, bounds: object = {}): Promise<string> => {
    const { json } = await this.call("POST", "/keys", { name: "x", scope, ...bounds })
    return Schema.decodeUnknownSync(NewKey)(json).key
  }

  readonly say = (instance: string, words: string): void =>
    this.evolution.emit(
      instance,
      "messages.upsert",
      textMessage(words, { name: "Ana", phone: "5511988887777" })
    )
}

/** Stands until the scope closes. */
export const scopedWithReceiver = (variables: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const evolution = yield* scopedSimulator()
    const answers = new Map<string, { readonly status: number; readonly only: RegExp }>()
    const { calls, port } = yield* receiver((response, { body, path }) => {
      const told = answers.get(path)
      const isMeant = told?.only.test(body.toString("utf8")) === true
      response.writeHead(isMeant ? told.status : 200).end("said by the receiver")
    })
    const service = yield* serve(EvolutionListener.layer, {
      API_KEY: key,
      DELIVERY_ALLOW: "127.0.0.1",
      DELIVERY_BROKER: "amqp://nobody:secret-of-the-broker@127.0.0.1:9",
      ...(yield* storage),
      ...at(evolution),
      ...variables
    })
    return new WithReceiver(
      { evolution, service },
      {
        port,
        calls,
        answer: (path, status, only = /(?:)/) => void answers.set(path, { status, only })
      }
    )
  })
