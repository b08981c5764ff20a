import { mkdir, readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it, vi } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { ApiKeyRequired } from "../../src/Access/ApiKey.ts"
import * as AppConfig from "../../src/AppConfig.ts"
import { house, key, operationsOf, serve, temporaryDirectory } from "./Service.ts"

/** What gets past the key finds an empty house. */
const emptyHouse = house(
  { all: Effect.succeed([]) },
  {
    read: () => Effect.succeed([]),
    condition: Effect.succeed({ isReadOnly: false, schema: "current" })
  }
)

const refusal = { _tag: "Unauthorized", message: expect.stringMatching(/^Cannot let you in: /) }

const linkRefusal = { _tag: "Unauthorized", message: "This link is not valid any more" }

const withKey = (value: string) => ({ headers: { apikey: value } })
const asBearer = (value: string) => ({ headers: { apikey: "", authorization: `Bearer ${value}` } })

describe("the API's key", () => {
  it.scoped("is required on every route except health checks and the exchange of tickets", () =>
    Effect.gen(function* () {
      const { call, said } = yield* serve(emptyHouse)
      const { json } = yield* call("GET", "/openapi.json")
      const operations = operationsOf(json)
      const isHealth = ({ path }: { readonly path: string }) => path.startsWith("/health/")
      const guarded = operations.filter((one) => !isHealth(one) && one.path !== "/session")
      expect(guarded).toHaveLength(49)
      expect(operations).toHaveLength(52)
      // Few enough wrong ones that they are still looked at.
      for (const [index, { method, path }] of guarded.entries())
        for (const wrong of [withKey(""), ...(index < 3 ? [withKey("no"), asBearer("no")] : [])]) {
          const answer = yield* call(method, path, wrong)
          expect(answer.status, `${method} ${path}`).toBe(401)
          const known = path === "/pairing/stream" ? linkRefusal : refusal
          expect(answer.json, `${method} ${path}`).toEqual(known)
        }
      for (const { method, path } of operations.filter(isHealth))
        expect((yield* call(method, path, withKey(""))).status, path).toBe(200)
      expect(said.join("\n")).not.toContain(key)
    })
  )

  it.scoped("is read from either header, and one right header is enough", () =>
    Effect.gen(function* () {
      const { call } = yield* serve(emptyHouse)
      const right = [
        withKey(key),
        asBearer(key),
        { headers: { apikey: "wrong", authorization: `Bearer ${key}` } },
        { headers: { apikey: key, authorization: "Bearer wrong" } }
      ]
      for (const init of right)
        for (const path of ["/instances", "/events"])
          expect((yield* call("GET", path, init)).status, JSON.stringify(init)).toBe(200)
    })
  )

  it.scoped("is refused with the same message however close a guess is", () =>
    Effect.gen(function* () {
      const { call } = yield* serve(emptyHouse)
      const guesses = [key.slice(0, -1), `${key}x`, key.toUpperCase(), `${key} ${key}`, "x"]
      const inQuery = yield* call("GET", `/instances?apikey=${key}`, withKey(""))
      const answers = yield* Effect.forEach(guesses, (guess) =>
        call("GET", "/instances", withKey(guess))
      )
      for (const { json, status } of [inQuery, ...answers]) {
        expect(status).toBe(401)
        expect(json).toEqual(inQuery.json)
      }
      const basic = { headers: { apikey: "", authorization: `Basic ${btoa(`:${key}`)}` } }
      expect((yield* call("GET", "/instances", basic)).status).toBe(401)
    })
  )
})

describe("a generated key", () => {
  it.scoped("is stored readable for its owner only, printed once, and used again", () =>
    Effect.gen(function* () {
      const log = yield* Effect.acquireRelease(
        Effect.sync(() => vi.spyOn(console, "log").mockImplementation(() => undefined)),
        (spy) => Effect.sync(() => spy.mockRestore())
      )
      const DATA_DIR = join(yield* temporaryDirectory, "not", "there", "yet")
      const file = join(DATA_DIR, "api-key")
      const keys: Array<string> = []
      for (let start = 0; start < 2; start++) {
        const scope = yield* Scope.make()
        const { call } = yield* Scope.extend(serve(emptyHouse, { DATA_DIR }), scope)
        const made = (yield* Effect.promise(() => readFile(file, "utf8"))).trim()
        expect((yield* call("GET", "/instances", withKey(made))).status).toBe(200)
        expect((yield* call("GET", "/instances", withKey(""))).status).toBe(401)
        keys.push(made)
        yield* Scope.close(scope, Exit.void)
      }
      expect(keys[0]).toMatch(/^[\w-]{43}$/)
      expect(keys[1]).toBe(keys[0])
      expect((yield* Effect.promise(() => stat(file))).mode & 0o777).toBe(0o600)
      const saying = log.mock.calls.filter((words) => words.join().includes(keys[0] ?? "?"))
      expect(saying).toHaveLength(1)
    })
  )

  it.scoped("lets nobody in if its file is empty", () =>
    Effect.gen(function* () {
      const DATA_DIR = yield* temporaryDirectory
      yield* Effect.promise(() => writeFile(join(DATA_DIR, "api-key"), "\n"))
      const outcome = yield* Effect.either(
        Effect.flatMap(serve(emptyHouse, { DATA_DIR }), ({ call }) =>
          call("GET", "/instances", withKey(""))
        )
      )
      // Refusing to start, or making a new key, are both as good.
      if (outcome._tag === "Right") expect(outcome.right.status).toBe(401)
      else expect(outcome.left).toBeInstanceOf(ApiKeyRequired)
    })
  )

  it.scoped("is not generated if other machines can reach the service", () =>
    Effect.gen(function* () {
      const DATA_DIR = yield* temporaryDirectory
      for (const HOST of ["0.0.0.0", "::"]) {
        const error = yield* Effect.flip(serve(emptyHouse, { DATA_DIR, HOST }))
        expect(error).toBeInstanceOf(ApiKeyRequired)
        expect(String(error)).toContain(`Cannot serve on HOST "${HOST}" without API_KEY`)
      }
      const made = yield* Effect.exit(Effect.tryPromise(() => stat(join(DATA_DIR, "api-key"))))
      expect(Exit.isFailure(made)).toBe(true)
    })
  )

  it.scoped("fails the start if it can be neither stored nor read", () =>
    Effect.gen(function* () {
      const DATA_DIR = yield* temporaryDirectory
      yield* Effect.promise(() => mkdir(join(DATA_DIR, "api-key")))
      const error = yield* Effect.flip(serve(emptyHouse, { DATA_DIR }))
      expect(error).toBeInstanceOf(ApiKeyRequired)
      expect(String(error)).toMatch(/Cannot keep a generated key in "[^\n]+", set API_KEY: [^\n]+$/)
    })
  )

  it("belongs to addresses that only this machine can reach", () => {
    for (const host of ["localhost", "::1", "127.0.0.1", "127.8.9.10"])
      expect(AppConfig.isLoopback(host), host).toBe(true)
    for (const host of ["0.0.0.0", "::", "127.0.0.1.evil.example", "1127.0.0.1", "10.0.0.1", ""])
      expect(AppConfig.isLoopback(host), host).toBe(false)
  })
})
