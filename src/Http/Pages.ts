/** The pages for people: static files from the folder `Pages`, read once. Their data comes from the API. */
import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { HttpLayerRouter, type HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Data, Effect, Schema } from "effect"
import * as AppConfig from "../AppConfig.ts"
import { Endpoint } from "../Domain/Endpoint.ts"
import { InstanceName } from "../Domain/Instance.ts"
import { noSuchRoute } from "./Edge.ts"
import { Prefix } from "./Forwarded.ts"
import * as Language from "./Language.ts"

/** The files of the pages are missing: a bundle of the service has to include the folder `Pages`. */
export class PagesMissing extends Data.TaggedError("PagesMissing")<{
  readonly message: string
}> {}

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml; charset=utf-8"
}

/** Pages may load scripts and styles from this server alone, and nothing from another host. */
const headers = {
  "cache-control": "no-cache",
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join("; "),
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
}

interface Asset {
  readonly body: Buffer
  readonly contentType: string
  readonly headers: Readonly<Record<string, string>> & { readonly etag: string }
}

const asset = (name: string, body: Buffer, more: Readonly<Record<string, string>> = {}): Asset => ({
  body,
  contentType: contentTypes[extname(name)] ?? "",
  headers: {
    ...headers,
    ...more,
    etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`
  }
})

/**
 * A page in each language; its scripts choose their texts by the `lang` of the page. `home`: the address of
 * the service as this page sees it.
 */
const page = (name: string, source: string, home: string) => {
  const html = source.replaceAll(/ (href|src)="\//g, ` $1="${home}`)
  const inLanguage = (language: Language.Language) =>
    asset(name, Buffer.from(html.replace('<html lang="en">', `<html lang="${language}">`)), {
      "content-language": language,
      vary: "accept-language"
    })
  const english = inLanguage("en")
  const others = new Map(Language.all.map((language) => [language, inLanguage(language)]))
  return ({ headers }: HttpServerRequest.HttpServerRequest): Asset =>
    others.get(Language.negotiate(headers)) ?? english
}

const missing = (folder: URL, detail: string) =>
  new PagesMissing({ message: `Cannot read the pages in "${fileURLToPath(folder)}": ${detail}` })

/** Files by name. Requests read this map and never the disk. */
const read = (folder: URL) =>
  Effect.tryPromise({
    try: async () => {
      const names = (await readdir(folder)).filter((name) => extname(name) in contentTypes)
      const bodies = names.map(
        async (name) => [name, await readFile(new URL(name, folder))] as const
      )
      return new Map(await Promise.all(bodies))
    },
    catch: (error) => missing(folder, String(error))
  })

/** Compares weakly, because a proxy that compresses makes the tag weak. */
const isKnown = (request: HttpServerRequest.HttpServerRequest, etag: string): boolean =>
  (request.headers["if-none-match"] ?? "")
    .split(",")
    .some((tag) => ["*", etag].includes(tag.trim().replace(/^W\//, "")))

const answer = (request: HttpServerRequest.HttpServerRequest, found: Asset) => {
  if (request.method !== "GET" && request.method !== "HEAD") return noSuchRoute(request)
  const { body, contentType, headers } = found
  return Effect.succeed(
    isKnown(request, headers.etag)
      ? HttpServerResponse.empty({ status: 304, headers })
      : HttpServerResponse.uint8Array(body, { contentType, headers })
  )
}

const isEndpointId = Schema.is(Endpoint.fields.id)
const isInstanceName = Schema.is(InstanceName)

/** Serves the pages of a folder. */
export const make = (folder: URL) =>
  HttpLayerRouter.use((router) =>
    Effect.gen(function* () {
      const files = yield* read(folder)
      const outside = yield* Effect.orDie(AppConfig.basePath)
      const basePath = outside === "/" ? `${yield* Prefix}/` : outside
      /** Relative, because a proxy may serve the pages below any path; one without its last slash needs the whole. */
      const find = (name: string, home = "./") => {
        const body = files.get(name)
        return body === undefined
          ? missing(folder, `it has no ${name}`)
          : Effect.succeed(page(name, body.toString("utf8"), basePath === "/" ? home : basePath))
      }
      const home = yield* find("home.html")
      const view = yield* find("view.html", "../../")
      const monitor = yield* find("monitor.html")
      const pair = yield* find("pair.html")
      const cluster = yield* find("cluster.html")
      const endpoints = yield* find("endpoints.html")
      const endpoint = yield* find("endpoint.html", "../")

      // All methods, because a route behind this one takes all and would answer HEAD.
      yield* router.add("*", "/", (request) => answer(request, home(request)))
      yield* router.add("*", "/monitor", (request) => answer(request, monitor(request)))
      yield* router.add("*", "/replicas", (request) => answer(request, cluster(request)))
      yield* router.add("*", "/deliveries", (request) => answer(request, endpoints(request)))
      yield* router.add("*", "/deliveries/:id", (request) =>
        Effect.flatMap(HttpLayerRouter.params, ({ id }) =>
          isEndpointId(id) ? answer(request, endpoint(request)) : noSuchRoute(request)
        )
      )
      yield* router.add("*", "/pair", (request) => answer(request, pair(request)))
      yield* router.add("*", "/instances/:name/view", (request) =>
        Effect.flatMap(HttpLayerRouter.params, ({ name }) =>
          isInstanceName(name) ? answer(request, view(request)) : noSuchRoute(request)
        )
      )
      const assets = new Map(
        [...files].flatMap(([name, body]) =>
          name.endsWith(".html") ? [] : [[name, asset(name, body)] as const]
        )
      )
      // One route for all files: the router keeps one entry a method for each route.
      yield* router.add("*", "/pages/:name", (request) =>
        Effect.flatMap(HttpLayerRouter.params, ({ name = "" }) => {
          const found = assets.get(name)
          return found === undefined ? noSuchRoute(request) : answer(request, found)
        })
      )
    })
  )

/** The folder of the files. */
export const folder = new URL("Pages/", import.meta.url)
