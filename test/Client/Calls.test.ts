import { inspect } from "node:util"
import { FetchHttpClient, HttpApi, type HttpApiEndpoint } from "@effect/platform"
import { describe, expect, expectTypeOf, it } from "@effect/vitest"
import { Arbitrary, Effect, Either, FastCheck, Option, Redacted, Schema } from "effect"
import * as Typed from "../../src/Client/Effect.ts"
import {
  connect,
  NotReached,
  type Plain,
  ServiceError,
  UnexpectedAnswer
} from "../../src/Client/mod.ts"
import { type Route, routes } from "../../src/Client/Routes.ts"
import type { Gap } from "../../src/Domain/Gap.ts"
import { InstanceName } from "../../src/Domain/Instance.ts"
import type { InstanceStatus } from "../../src/Domain/Status.ts"
import type { Summary } from "../../src/Domain/Summary.ts"
import { CreateInstance } from "../../src/Http/Api/Instances.ts"
import { Api } from "../../src/Http/Api.ts"

/** The groups that are streams. */
const streams = ["live", "pairingPage"]

const endpoints: Array<
  readonly [group: string, endpoint: HttpApiEndpoint.HttpApiEndpoint.AnyWithProps]
> = []
HttpApi.reflect(Api, {
  onGroup: () => undefined,
  onEndpoint: ({ endpoint, group }) => {
    // Its schemas are those of any endpoint.
    const known = endpoint as unknown as HttpApiEndpoint.HttpApiEndpoint.AnyWithProps
    if (!streams.includes(group.identifier)) endpoints.push([group.identifier, known])
  }
})

/** A `fetch` that keeps requests as text, and answers none. */
const recorder = () => {
  const requests: Array<string> = []
  const fetch: typeof globalThis.fetch = async (input, { body, headers, method } = {}) => {
    const { authorization, "content-type": type = "" } = Object.fromEntries(new Headers(headers))
    const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : (body ?? "")
    const { href } = new URL(String(input))
    requests.push([method, href, authorization, text && type.split(";")[0], text].join(" "))
    throw new Error("no answer")
  }
  return { fetch, requests }
}

const samplesOf = (schema: Option.Option<Schema.Schema.All>): ReadonlyArray<object | undefined> =>
  Option.match(schema, {
    onNone: () => [undefined],
    onSome: (given) =>
      FastCheck.sample(
        Arbitrary.make(given as Schema.Schema<object>).filter(
          // Some of them have a form that their arbitrary does not know.
          (value) =>
            Either.isRight(Schema.encodeUnknownEither(given as Schema.Schema<object>)(value))
        ),
        { seed: 7, numRuns: 12 }
      )
  })

/** Fields that are passed on may be anything, and JSON has not everything. */
const jsonOnly = (schema: Schema.Schema.All): Schema.Schema.All =>
  schema.ast === CreateInstance.ast
    ? CreateInstance.pick("name", "integration", "number", "token")
    : schema

/** A path cannot carry the names of steps. */
const isPossible = (request: object) =>
  Object.values(request).every((value) => value !== "." && value !== "..")

describe("the calls with promises", () => {
  it("are those of the API, with their methods and paths", () => {
    const known: Record<string, Record<string, Route>> = {}
    for (const [group, { method, name, path, payloadSchema }] of endpoints) {
      const route = [method as Route[0], path] as const
      const body = Option.isSome(payloadSchema)
      known[group] = { ...known[group], [name]: body ? [...route, "body"] : route }
    }
    expect(routes).toEqual(known)
  })

  it("send the very requests that the typed client sends", async () => {
    const plain = recorder()
    const typed = recorder()
    const baseUrl = "http://service.test/below/a path"
    const calls = connect({ baseUrl, apiKey: "the-key", fetch: plain.fetch })
    const typedCalls = await Typed.make({ baseUrl, apiKey: Redacted.make("the-key") }).pipe(
      Effect.provide(FetchHttpClient.layer),
      Effect.provideService(FetchHttpClient.Fetch, typed.fetch),
      Effect.runPromise
    )
    type Calls<Answer> = Record<string, Record<string, (request?: object) => Answer>>
    const plainCalls = calls as never as Calls<Promise<unknown>>
    const effects = typedCalls as never as Calls<Effect.Effect<unknown, unknown>>
    for (const [group, endpoint] of endpoints) {
      const parts = {
        path: samplesOf(endpoint.pathSchema),
        urlParams: samplesOf(endpoint.urlParamsSchema),
        payload: samplesOf(Option.map(endpoint.payloadSchema, jsonOnly))
      }
      for (let nth = 0; nth < 12; nth++) {
        const of = <A>(samples: ReadonlyArray<A>) => samples[nth % samples.length]
        const [path, urlParams, payload] = [of(parts.path), of(parts.urlParams), of(parts.payload)]
        if (path !== undefined && !isPossible(path)) continue
        const body = Option.map(endpoint.payloadSchema, (schema) =>
          Schema.encodeUnknownSync(schema as Schema.Schema<object>)(payload)
        )
        const request = { ...path, ...urlParams, ...Option.getOrUndefined(body) }
        await plainCalls[group]?.[endpoint.name]?.(request)?.catch(() => undefined)
        const call = effects[group]?.[endpoint.name]?.({
          path,
          urlParams,
          payload
        })
        await Effect.runPromiseExit(call ?? Effect.die("no such call"))
      }
    }
    expect(plain.requests.length).toBeGreaterThan(200)
    expect(plain.requests).toEqual(typed.requests)
  })
})

describe("the Evolution server of an instance", () => {
  it("goes into the address of a call, and never into its body", async () => {
    const { fetch, requests } = recorder()
    const { instances, pairing } = connect({ baseUrl: "http://service.test", fetch })
    const instance = { name: "loja-1", server: "eu" }
    for (const call of [
      instances.start(instance),
      instances.create({ ...instance, number: "5511999990001" }),
      pairing.link({ ...instance, ttl: 60 }),
      instances.list({ server: "eu" })
    ])
      await call.catch(() => undefined)
    expect(requests.map((request) => request.replace(/ (?:undefined)? +/, " ").trim())).toEqual([
      "POST http://service.test/instances/loja-1/start?server=eu",
      'POST http://service.test/instances?server=eu application/json {"name":"loja-1","number":"5511999990001"}',
      'POST http://service.test/instances/loja-1/pairing-links?server=eu application/json {"ttl":60}',
      "GET http://service.test/instances?server=eu"
    ])
    expectTypeOf<Parameters<typeof instances.start>[0]>().toExtend<{
      readonly name: string
      readonly server?: string | undefined
    }>()
  })
})

/** A client of a service that always answers so. */
const answering = (status: number, body: string | null, headers: Record<string, string> = {}) =>
  connect({
    baseUrl: "http://service.test",
    apiKey: "the-secret-key",
    fetch: async () =>
      new Response(body, { status, headers: { "content-type": "application/json", ...headers } })
  })

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail("it succeeded"),
    (error: Error) => error
  )

describe("an answer", () => {
  it("is the JSON that the service gives, with times as text", async () => {
    const page = { events: [], next: 7, recovered: true }
    expect(await answering(200, JSON.stringify(page)).events.read()).toEqual(page)
    expectTypeOf<Plain<InstanceStatus>>().toEqualTypeOf<typeof InstanceStatus.Encoded>()
    expectTypeOf<Plain<Gap>>().toEqualTypeOf<typeof Gap.Encoded>()
    expectTypeOf<Plain<Summary>>().toEqualTypeOf<typeof Summary.Encoded>()
  })

  it("is nothing for 204, and text for metrics", async () => {
    expect(await answering(204, null).instances.remove({ name: "a" })).toBeUndefined()
    const type = { "content-type": "text/plain; version=0.0.4" }
    expect(await answering(200, "up 1\n", type).metrics.metrics()).toBe("up 1\n")
  })

  it("that refuses is an error with the tag and the fields of the service's error", async () => {
    const answer = {
      _tag: "QrNotAvailable",
      message: "none",
      reason: "not_yet",
      userAction: "wait"
    }
    const error = await failureOf(
      answering(404, JSON.stringify(answer)).pairing.qrcode({ name: "a", wait: 5 })
    )
    expect(error).toBeInstanceOf(ServiceError)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ _tag: "QrNotAvailable", message: "none", status: 404, answer })
  })

  it("of something in between is an error that says so", async () => {
    for (const [status, body] of [
      [404, "<html>nginx</html>"],
      [502, "Bad Gateway"],
      [200, "<html>Sign in</html>"],
      [302, ""]
    ] as const) {
      const error = await failureOf(
        answering(status, body, { "content-type": "text/html" }).instances.list()
      )
      expect(error).toBeInstanceOf(UnexpectedAnswer)
      expect(error).toMatchObject({ _tag: "UnexpectedAnswer", status })
    }
  })

  it("that does not come is an error with its cause, and without the key", async () => {
    const cause = new TypeError("fetch failed")
    const client = connect({
      baseUrl: "http://service.test",
      apiKey: "the-secret-key",
      fetch: () => Promise.reject(cause)
    })
    const error = await failureOf(client.instances.list())
    expect(error).toBeInstanceOf(NotReached)
    expect(error).toMatchObject({ _tag: "NotReached", cause })
    expect(inspect([error, client], { depth: 9, showHidden: true })).not.toContain("the-secret-key")
  })

  it("is not waited for after an abort, whose reason is the error", async () => {
    const client = connect({
      baseUrl: "http://service.test",
      fetch: (_, init) =>
        new Promise((_resolve, reject) => {
          init?.signal?.addEventListener("abort", () => reject(new Error("aborted")))
        })
    })
    const abort = new AbortController()
    const call = failureOf(client.instances.list({}, { signal: abort.signal }))
    const reason = new Error("enough")
    abort.abort(reason)
    expect(await call).toBe(reason)
  })
})

describe("a client", () => {
  it("is not made for an address that is none, or that has a password", () => {
    expect(() => connect({ baseUrl: "localhost" })).toThrow(TypeError)
    expect(() => connect({ baseUrl: "http://me:secret@localhost" })).toThrow(/password/)
  })

  it("asks for no name that a path cannot carry", async () => {
    const typed = Typed.make({ baseUrl: "http://service.test" })
    for (const name of [".", ".."]) {
      const error = await failureOf(answering(200, "{}").instances.get({ name }))
      expect(error).toBeInstanceOf(TypeError)
      const path = { name: InstanceName.make(name) }
      const refused = await typed.pipe(
        Effect.flatMap(({ instances }) => instances.get({ path, urlParams: {} })),
        Effect.flip,
        Effect.provide(FetchHttpClient.layer),
        Effect.runPromise
      )
      expect(refused).toMatchObject({ _tag: "ParseError" })
    }
  })
})
