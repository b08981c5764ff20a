import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Either, Redacted, Schema } from "effect"
import * as AppConfig from "../../src/AppConfig.ts"
import * as Shape from "../../src/Delivery/Shape.ts"
import * as Signature from "../../src/Delivery/Signature.ts"
import { Settings } from "../../src/Domain/Endpoint.ts"
import { eventOf, outgoing } from "../Delivery/messages.ts"
import { open, secret } from "../Delivery/Sink/open.ts"
import type { Call } from "../Delivery/Sink/receiver.ts"
import { interpreters } from "../Examples/interpreters.ts"
import { blocksOf, root, sectionOf } from "./pages.ts"

const recipe = "docs/recipes/verify-a-signature.md"
const other = `whsec_${Buffer.alloc(24, 9).toString("base64")}`
const wrong = `whsec_${Buffer.alloc(32, 1).toString("base64")}`

/** A message as a receiver got it. */
const delivered = (signing: ReadonlyArray<string>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { calls, send } = yield* open({ signing: signing.map((one) => Redacted.make(one)) })
      yield* send(outgoing())
      const [call] = calls
      return call ?? (yield* Effect.dieMessage("nothing was delivered"))
    })
  )

interface Case {
  readonly what: string
  readonly isGood: boolean
  readonly body: string
  readonly headers: Call["headers"]
  readonly secret: string
}

const casesOf = Effect.gen(function* () {
  const { body, headers } = yield* delivered([secret])
  const rotated = yield* delivered([other, secret])
  const text = body.toString("base64")
  const good = { isGood: true, body: text, headers, secret }
  const bad = { ...good, isGood: false }
  const rewritten = JSON.stringify(JSON.parse(body.toString()), null, 1)
  const at = Number(headers["webhook-timestamp"])
  const sign = Either.getOrThrow(Signature.signer([Redacted.make(secret)]))
  const signed = (time: number) => ({
    ...headers,
    "webhook-timestamp": String(time),
    "webhook-signature": sign(String(headers["webhook-id"]), time, body)
  })
  const cases: ReadonlyArray<Case> = [
    { ...good, what: "as it came" },
    { ...good, what: "two signatures, the new secret", ...read(rotated), secret: other },
    { ...good, what: "two signatures, the old secret", ...read(rotated) },
    { ...bad, what: "another secret", secret: wrong },
    { ...bad, what: "another body", body: Buffer.from(`${body} `).toString("base64") },
    { ...bad, what: "written again", body: Buffer.from(rewritten).toString("base64") },
    { ...bad, what: "another id", headers: { ...headers, "webhook-id": "evt_0_1" } },
    { ...bad, what: "another time", headers: { ...headers, "webhook-timestamp": `${at - 1}` } },
    { ...good, what: "a minute old", headers: signed(at - 60) },
    { ...bad, what: "an hour old", headers: signed(at - 3600) },
    { ...bad, what: "of the next hour", headers: signed(at + 3600) },
    { ...bad, what: "no signature", headers: { ...headers, "webhook-signature": "v1," } }
  ]
  return cases
})
const read = ({ body, headers }: Call) => ({ body: body.toString("base64"), headers })

const blockOf = (heading: string, language: string): string => {
  const code = sectionOf(recipe, heading)
  const [, text = ""] = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(code) ?? []
  return text
}

const nodes = (code: string) => `${code}
let input = ""
for await (const piece of process.stdin) input += piece
console.log(JSON.stringify(JSON.parse(input).map(({ body, headers, secret }) => {
  try { return verify(Buffer.from(body, "base64"), headers, secret).type } catch { return null }
})))`

const pythons = (code: string) => `${code}
import sys
def tried(one):
    try:
        return verify(base64.b64decode(one["body"]), one["headers"], one["secret"])["type"]
    except ValueError:
        return None
print(json.dumps([tried(one) for one in json.load(sys.stdin)]))`

const phps = (code: string) => `${code}
echo json_encode(array_map(function ($one) {
    try { return verify(base64_decode($one["body"]), $one["headers"], $one["secret"])["type"]; }
    catch (Exception) { return null; }
}, json_decode(file_get_contents("php://stdin"), true)));`

const isThere = (command: string): boolean =>
  interpreters.some((one) => one.command === command && one.isThere)

const hasPackage = existsSync(join(root, "node_modules/standardwebhooks"))

const languages = [
  {
    name: "Node",
    code: nodes(blockOf("## Node", "js")),
    file: "a.mjs",
    command: process.execPath,
    isThere: true
  },
  {
    name: "Node, with the official package",
    code: nodes(blockOf("## Node with the official package", "js")),
    file: "a.mjs",
    command: process.execPath,
    isThere: hasPackage
  },
  {
    name: "Python",
    code: pythons(blockOf("## Python", "python")),
    file: "a.py",
    command: "python3",
    isThere: isThere("python3")
  },
  {
    name: "PHP",
    code: phps(blockOf("## PHP", "php")),
    file: "a.php",
    command: "php",
    isThere: isThere("php")
  }
]

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "recipe-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

describe("The recipe for signatures", () => {
  for (const { code, command, file, isThere: canRun, name } of languages)
    it.scopedLive.runIf(canRun)(
      `verifies messages in ${name}${canRun ? "" : " (skipped: it is not on this machine)"}`,
      () =>
        Effect.gen(function* () {
          expect(code).toContain("verify")
          const cases = yield* casesOf
          const path = yield* directory
          symlinkSync(join(root, "node_modules"), join(path, "node_modules"))
          writeFileSync(join(path, file), code)
          const { stderr, stdout } = spawnSync(command, [join(path, file)], {
            input: JSON.stringify(cases),
            encoding: "utf8"
          })
          expect(stderr).toBe("")
          const found: ReadonlyArray<unknown> = JSON.parse(stdout)
          expect(cases.map(({ what }, nth) => [what, found[nth]])).toEqual(
            cases.map(({ isGood, what }) => [what, isGood ? "messages.upsert" : null])
          )
        }),
      30_000
    )
})

describe("The recipe for n8n", () => {
  it.scopedLive("has a Code node that passes genuine messages on, and no others", () =>
    Effect.gen(function* () {
      const [code = ""] = blocksOf("docs/recipes/n8n.md", "js")
      const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor
      const node = new AsyncFunction("$input", "$env", "require", code)
      for (const { body, headers, isGood, secret, what } of yield* casesOf) {
        const bytes = Buffer.from(body, "base64")
        const items = yield* Effect.either(
          Effect.tryPromise(() =>
            node.call(
              { helpers: { getBinaryDataBuffer: async () => bytes } },
              { first: () => ({ json: { headers, body: {} } }) },
              { WEBHOOK_SECRET: secret },
              createRequire(import.meta.url)
            )
          )
        )
        expect(Either.isRight(items), what).toBe(isGood)
        if (Either.isRight(items))
          expect(items.right).toEqual([{ json: { headers, body: JSON.parse(bytes.toString()) } }])
      }
    })
  )
})

describe("The examples of webhooks", () => {
  it("are endpoints that the service takes", () => {
    for (const page of ["n8n", "move-from-evolutions-webhook"]) {
      const blocks = blocksOf(`docs/recipes/${page}.md`, "json")
      expect(blocks).toHaveLength(1)
      for (const block of blocks)
        expect(() =>
          Schema.decodeUnknownSync(Settings, { onExcessProperty: "error" })(JSON.parse(block))
        ).not.toThrow()
    }
  })

  it("show the body that is sent", () => {
    const event = {
      ...eventOf({
        event: "messages.upsert",
        instance: "loja-1",
        data: { key: { id: "3EB0" }, message: { conversation: "Olá" } },
        date_time: "2026-11-23T13:41:19.990Z"
      }),
      server: "default"
    }
    const beside = { sender: () => undefined, serverUrl: () => undefined }
    const body = Shape.bodyOf(outgoing(event), { shape: "full", url: "", beside }, 0)
    const [shown = ""] = blocksOf("docs/webhooks.md", "json")
    expect(JSON.parse(shown)).toEqual(JSON.parse(body))
  })

  it.effect("open networks that the setting takes", () =>
    Effect.gen(function* () {
      const lines = ["docs/webhooks.md", "docs/recipes/n8n.md"]
        .flatMap((page) => blocksOf(page, "sh"))
        .flatMap((block) => block.trim().split("\n"))
      expect(lines.length).toBeGreaterThan(3)
      for (const line of lines) {
        const [, value = ""] = /^DELIVERY_ALLOW=(\S+)/.exec(line) ?? []
        const allowed = yield* ConfigProvider.fromMap(new Map([["DELIVERY_ALLOW", value]])).load(
          AppConfig.deliveryAllow.config
        )
        expect(allowed.length, line).toBeGreaterThan(0)
      }
    })
  )
})
