import { describe, expect, it } from "@effect/vitest"
import {
  type Answer,
  describe as describeAnswer,
  isWithoutLicense,
  missingRoute,
  ownError
} from "../../src/Domain/Intermediary.ts"
import { UpgradeRefused } from "../../src/Domain/LinkError.ts"
import { intermediaries } from "../support/intermediaries.ts"

const told = (status: number, text: string, headers: Answer["headers"] = {}) =>
  describeAnswer({ status, text, headers }).replace(
    "Something between us and Evolution answers HTTP ",
    ""
  )

const evolutions = (status: number, message: unknown) => ({
  status,
  error: "Not Found",
  response: { message }
})

describe("an answer of Evolution", () => {
  it("is known by the form of its error, with the status of the answer", () => {
    expect(ownError(404, evolutions(404, ["no"]))).toEqual({ message: ["no"] })
    for (const body of [
      null,
      "Not Found",
      evolutions(400, ["no"]),
      { ...evolutions(404, "no"), error: 404 },
      { ...evolutions(404, "no"), response: "no" },
      { ...evolutions(404, "no"), response: { error: "no" } }
    ])
      expect(ownError(404, body)).toBeUndefined()
  })

  it("says that there is no license with 503 and a code", () => {
    const body = { code: "LICENSE_REQUIRED" }
    expect(isWithoutLicense(503, body)).toBe(true)
    expect(isWithoutLicense(500, body)).toBe(false)
    expect(isWithoutLicense(503, { code: "BUSY" })).toBe(false)
    expect(isWithoutLicense(503, "LICENSE_REQUIRED")).toBe(false)
  })

  it.each<readonly [unknown, string | undefined]>([
    [["Cannot GET /socket.io/"], "Cannot GET /socket.io/"],
    [["Cannot POST /a", "Cannot POST /b"], undefined],
    [["He Cannot GET /a"], undefined],
    [["Cannot get /a"], undefined],
    [["Cannot GET a"], undefined],
    [[["Cannot GET /a"]], undefined],
    ["Cannot GET /a", undefined]
  ])("says which route is missing: %j", (message, expected) => {
    expect(missingRoute({ message })).toBe(expected)
  })
})

describe("an answer of something else", () => {
  it.each(intermediaries)("names what is in between: $what", ({ body, headers, named, status }) => {
    const words = describeAnswer({ status, headers, text: body })
    expect(words).toMatch(/^Something between us and Evolution answers HTTP \d{3} with .*\?$/)
    expect(words).toContain(named)
  })

  const unknown = ": a proxy or a firewall?"

  it.each<readonly [string, Answer["headers"], number, string, string]>([
    ["a text", {}, 502, " down\nfor now", `502 with text ("down")${unknown}`],
    ["no text", {}, 502, " \n", `502 with no text${unknown}`],
    ["a page by its type", { "content-type": "text/html" }, 502, "x", `502 with HTML${unknown}`],
    [
      "a page by its text",
      {},
      502,
      " <!doctype html><TITLE lang=en> Bad\n gateway </TITLE>",
      `502 with HTML ("Bad gateway")${unknown}`
    ],
    ["a bare page", {}, 502, "<html><p>x</p>", `502 with HTML${unknown}`],
    ["a text about a page", {}, 502, "see <html>", `502 with text ("see <html>")${unknown}`],
    ["JSON", {}, 404, ' {"key":"k"}', `404 with JSON that is not Evolution's${unknown}`],
    ["a list", {}, 404, "[1]", `404 with JSON that is not Evolution's${unknown}`],
    ["a text with JSON", {}, 404, "no [1]", `404 with text ("no [1]")${unknown}`],
    [
      "a redirect, without its path",
      { location: "https://login.example/secret" },
      302,
      "moved",
      `302 with a redirect to "login.example"${unknown}`
    ],
    [
      "a redirect",
      { location: "/login" },
      300,
      "x",
      `300 with a redirect to another path${unknown}`
    ],
    [
      "400, which redirects nowhere",
      { location: "/login" },
      400,
      "x",
      `400 with text ("x")${unknown}`
    ],
    [
      "a server's password",
      { "www-authenticate": "Basic" },
      401,
      "",
      `401 with a request for a password${unknown}`
    ],
    [
      "a proxy's password",
      { "proxy-authenticate": "Basic" },
      407,
      "",
      `407 with a request for a password${unknown}`
    ],
    [
      "another one's password",
      { "www-authenticate": "Basic" },
      407,
      "",
      `407 with no text${unknown}`
    ],
    ["its server", { server: "Caddy/2.1 (x)" }, 502, "", "502 with no text: Caddy?"],
    ["Cloudflare's server", { server: "cloudflare" }, 502, "", "502 with no text: Cloudflare?"],
    ["a list of servers", { server: [" Apache , x", "y"] }, 502, "", "502 with no text: Apache?"],
    ["no server of that name", { server: "<b>" }, 502, "", `502 with no text${unknown}`],
    ["an address for a name", { server: "a@b" }, 502, "", `502 with no text${unknown}`],
    ["a name without end", { server: "a".repeat(41) }, 502, "", `502 with no text${unknown}`],
    ["a proxy on the way", { via: " 1.1 varnish" }, 502, "", "502 with no text: varnish?"],
    [
      "a telling header first",
      { "cf-ray": "1", server: "nginx" },
      502,
      "",
      "502 with no text: Cloudflare?"
    ]
  ])("is described by %s", (_, headers, status, text, expected) => {
    expect(told(status, text, headers)).toBe(expected)
  })

  it("is quoted with 80 characters, and read up to its 10000th", () => {
    expect(told(502, "x".repeat(100))).toBe(`502 with text ("${"x".repeat(80)}")${unknown}`)
    expect(told(502, `${" ".repeat(9_995)}ngrok`)).toBe('502 with text ("ngrok"): ngrok?')
    expect(told(502, `${" ".repeat(10_000)}ngrok`)).toBe(`502 with text${unknown}`)
  })
})

describe("the refusal of a socket", () => {
  const notFound = (route: string) => JSON.stringify(evolutions(404, [route]))

  it.each([
    ["of a wrong key", 400, "Invalid global token", "key"],
    ["without a key", 400, "apiKey is required", "key"],
    ["without a key by another server", 401, "apiKey is required", "intermediary"],
    ["of a key and more", 400, "Invalid global token!", "intermediary"],
    ["of a key after more", 400, "The apiKey is required", "intermediary"],
    ["while its database is away", 400, "Authentication error", "database"],
    ["by another server's words", 403, "Authentication error", "intermediary"],
    ["without a license", 503, '{"code":"LICENSE_REQUIRED"}', "license"],
    ["without Socket.IO", 404, notFound("Cannot GET /socket.io/?EIO=4"), "disabled"],
    ["under another path", 404, notFound("Cannot GET /api/socket.io/"), "path"],
    [
      "with another status",
      400,
      JSON.stringify(evolutions(400, ["Cannot GET /a"])),
      "intermediary"
    ],
    ["with another error", 404, notFound("no"), "intermediary"],
    ["by a page", 404, "<html>", "intermediary"]
  ])("has a reason: %s", (_, status, body, reason) => {
    expect(UpgradeRefused.of(status, body)).toMatchObject({ status, body, reason })
  })
})
