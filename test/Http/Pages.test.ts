import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { HttpLayerRouter } from "@effect/platform"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import * as Pages from "../../src/Http/Pages.ts"
import { names as instanceNames } from "../support/names.ts"
import { settings } from "../support/settings.ts"
import { house, serve } from "./Service.ts"

const folder = join(import.meta.dirname, "../../src/Http/Pages")
const names = readdirSync(folder)
const assets = names.filter((name) => /\.(css|js|svg)$/.test(name))
const endpoint = "8b1ea8e2-3c0f-4f0a-9a55-6a9b8f1f6d11"
const pages = [
  "/",
  "/monitor",
  "/replicas",
  "/deliveries",
  `/deliveries/${endpoint}`,
  "/pair",
  "/instances/loja-1/view"
]

const scope = Effect.runSync(Scope.make())
let url = ""
let port = 0
beforeAll(async () => {
  const service = await Effect.runPromise(Scope.extend(serve(house()), scope))
  url = service.url
  port = service.port
}, 30_000)
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

/** Nobody asks for a page with a key. */
const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  fetch(`${url}${path}`, { method, headers })

/** A path exactly as it is written; `fetch` tidies it up first. */
const raw = (path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on("error", reject)
      .end()
  })

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

describe("a page", () => {
  it("needs no key, and is HTML that nothing but our own files may be part of", async () => {
    for (const path of pages) {
      const answer = await get(path)
      expect(answer.status, path).toBe(200)
      expect(answer.headers.get("content-type"), path).toBe("text/html; charset=utf-8")
      expect(answer.headers.get("content-security-policy"), path).toBe(policy)
      expect(answer.headers.get("x-content-type-options"), path).toBe("nosniff")
      expect(answer.headers.get("referrer-policy"), path).toBe("no-referrer")
      expect(answer.headers.get("cache-control"), path).toBe("no-cache")
      expect(await answer.text(), path).toMatch(/^<!doctype html>\n<html lang="en">/)
    }
  })

  it("stands at its address whatever is asked for behind it", async () => {
    for (const path of ["/?x=1", "/monitor?instance=loja-1&event=call", "/pair?utm_source=mail"])
      expect((await get(path)).status, path).toBe(200)
  })

  it("of an instance exists for every name that an instance can have, and for no other", async () => {
    for (const name of instanceNames)
      expect((await get(`/instances/${encodeURIComponent(name)}/view`)).status, name).toBe(200)
    for (const name of ["a".repeat(256), "%00", "%ED%A0%BD", "%zz"]) {
      const answer = await get(`/instances/${name}/view`)
      expect(answer.status, name).toBe(404)
      expect(await answer.json(), name).toHaveProperty("_tag", "RouteNotFound")
    }
  })

  it("answers HEAD as GET, without the body", async () => {
    for (const path of [...pages, "/pages/base.css"]) {
      const [whole, head] = [await get(path), await get(path, {}, "HEAD")]
      expect(head.status, path).toBe(200)
      for (const name of ["content-type", "content-length", "etag", "content-security-policy"])
        expect(head.headers.get(name), `${path} ${name}`).toBe(whole.headers.get(name))
      expect(await head.text(), path).toBe("")
    }
  })

  it("takes nothing: any other method is an unknown route", async () => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
      for (const path of ["/", "/pair", "/instances/loja-1/view", "/pages/base.css"]) {
        const answer = await get(path, {}, method)
        expect(answer.status, `${method} ${path}`).toBe(404)
        expect(await answer.json()).toHaveProperty("_tag", "RouteNotFound")
      }
  })
})

describe("the language of a page", () => {
  const languageOf = async (wished: string | undefined) => {
    const answer = await get("/", wished === undefined ? {} : { "accept-language": wished })
    const html = await answer.text()
    const said = answer.headers.get("content-language")
    expect(answer.headers.get("vary")?.toLowerCase()).toContain("accept-language")
    expect(html, wished).toContain(`<html lang="${said}">`)
    return said
  }

  it("is the one that the browser likes best of ours", async () => {
    const wishes = [
      ["pt-BR", "pt-BR"],
      ["pt-br", "pt-BR"],
      ["pt", "pt-BR"],
      ["pt-PT,pt;q=0.9", "pt-BR"],
      ["es", "es"],
      ["es-AR,es;q=0.9,en;q=0.8", "es"],
      ["en-GB", "en"],
      ["en-US,en;q=0.9,pt-BR;q=0.8", "en"],
      ["de-DE,de;q=0.9,es;q=0.5,en;q=0.4", "es"],
      ["en;q=0.1,pt-BR;q=0.9,es;q=0.5", "pt-BR"],
      ["es;q=0.5,pt;q=0.51", "pt-BR"],
      ["es , pt;q=0.9", "es"]
    ] as const
    for (const [wished, language] of wishes) expect(await languageOf(wished), wished).toBe(language)
  })

  it("is not one that the browser refuses", async () => {
    expect(await languageOf("pt;q=0,es;q=0.1")).toBe("es")
    expect(await languageOf("es;q=0,*")).not.toBe("es")
  })

  it("is English when nothing of ours is wished for, and when the wish makes no sense", async () => {
    for (const wished of [undefined, "", "*", "de,fr;q=0.5", ";;;", "q=1", "pt;q=x", ",,,", "-"])
      expect(await languageOf(wished), wished).toBe("en")
    expect(await languageOf(`${"xx,".repeat(2000)}de`)).toBe("en")
  })
})

describe("a file of the pages", () => {
  it("comes as what it is", async () => {
    const types: Readonly<Record<string, string>> = {
      css: "text/css; charset=utf-8",
      js: "text/javascript; charset=utf-8",
      svg: "image/svg+xml; charset=utf-8"
    }
    expect(assets.length).toBeGreaterThan(20)
    for (const name of assets) {
      const answer = await get(`/pages/${name}`)
      expect(answer.status, name).toBe(200)
      expect(answer.headers.get("content-type"), name).toBe(types[name.split(".").at(-1) ?? ""])
      expect(answer.headers.get("x-content-type-options"), name).toBe("nosniff")
      expect(answer.headers.get("content-security-policy"), name).toBe(policy)
      expect(await answer.text(), name).toBe(readFileSync(join(folder, name), "utf8"))
    }
  })

  it("is one of those that a page is made of: no other name is served", async () => {
    const others = [
      "/pages",
      "/pages/",
      "/pages/tsconfig.json",
      "/pages/types.d.ts",
      "/pages/home.html",
      "/pages/__proto__",
      "/pages/constructor",
      "/home.html",
      "/base.css"
    ]
    for (const path of others) expect((await get(path)).status, path).toBe(404)
  })

  it("cannot be reached around the folder", async () => {
    const paths = [
      "/pages/../Pages.ts",
      "/pages/../../main.ts",
      "/pages/..%2FPages.ts",
      "/pages/%2e%2e/Pages.ts",
      "/pages/%2e%2e%2fPages.ts",
      "/pages/..%5cPages.ts",
      "/pages//etc/passwd",
      "/pages/%2Fetc%2Fpasswd",
      "/pages/....//....//etc/passwd",
      "/pages/base.css%00.js",
      "/pages/%c0%ae%c0%ae/Pages.ts"
    ]
    for (const path of paths) expect([400, 404], path).toContain(await raw(path))
  })
})

describe("what a browser has already", () => {
  it("is not sent again as long as it is the same", async () => {
    for (const path of ["/", "/pages/base.css"]) {
      const first = await get(path)
      const etag = first.headers.get("etag") ?? ""
      expect(etag, path).toMatch(/^"[\w-]{22}"$/)
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
        const again = await get(path, { "if-none-match": known })
        expect(again.status, `${path} ${known}`).toBe(304)
        expect(again.headers.get("etag")).toBe(etag)
        expect(again.headers.get("cache-control")).toBe("no-cache")
        expect(await again.text()).toBe("")
      }
      for (const other of ['"other"', etag.replaceAll('"', ""), ""])
        expect((await get(path, { "if-none-match": other })).status, `${path} ${other}`).toBe(200)
    }
  })

  it("is known by its content", async () => {
    const answer = await get("/pages/base.css")
    const digest = createHash("sha256")
      .update(await answer.text())
      .digest("base64url")
    expect(answer.headers.get("etag")).toBe(`"${digest.slice(0, 22)}"`)
  })

  it("is another page in another language", async () => {
    const english = (await get("/", { "accept-language": "en" })).headers.get("etag") ?? ""
    const spanish = await get("/", { "accept-language": "es", "if-none-match": english })
    expect(spanish.status).toBe(200)
    expect(spanish.headers.get("etag")).not.toBe(english)
  })
})

describe("the folder of the pages", () => {
  const temporary = Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "pages-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )
  const built = (path: string) =>
    Layer.build(Pages.make(pathToFileURL(`${path}/`))).pipe(
      Effect.provide(Layer.merge(HttpLayerRouter.layer, settings({})))
    )

  it.scoped("has to be there, with every page in it, or the service says what is missing", () =>
    Effect.gen(function* () {
      const path = yield* temporary
      const empty = yield* Effect.flip(built(path))
      expect(empty).toMatchObject({
        _tag: "PagesMissing",
        message: `Cannot read the pages in "${path}/": it has no home.html`
      })
      const absent = yield* Effect.flip(built(join(path, "nowhere")))
      expect(absent.message).toContain("ENOENT")
      cpSync(folder, path, { recursive: true })
      yield* built(path)
      rmSync(join(path, "pair.html"))
      expect((yield* Effect.flip(built(path))).message).toContain("it has no pair.html")
    })
  )

  it.scoped("is copied whole to wherever the program is built", () =>
    Effect.gen(function* () {
      const path = yield* temporary
      const to = join(path, "new", "Pages")
      const root = join(import.meta.dirname, "../..")
      execFileSync("npm", ["run", "-s", "pages", "--", to], { cwd: root })
      const wanted = names.filter((name) => /\.(css|html|js|svg)$/.test(name))
      expect(readdirSync(to).sort()).toEqual(wanted.sort())
      yield* built(to)
    })
  )
})
