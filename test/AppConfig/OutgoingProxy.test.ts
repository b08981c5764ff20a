import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option, Redacted } from "effect"
import * as Settings from "../../src/AppConfig/Settings.ts"
import * as AppConfig from "../../src/AppConfig.ts"

type Variables = Readonly<Record<string, string>>

const load = (EVOLUTION_API_URL: string, variables: Variables) =>
  Effect.provide(
    AppConfig.evolutionProxy,
    Settings.layerFrom(
      ConfigProvider.fromMap(new Map(Object.entries({ EVOLUTION_API_URL, ...variables })))
    )
  )

/** `host:port` of the proxy that is used, or `direct`. */
const wayTo = (url: string, variables: Variables) =>
  Effect.map(
    load(url, variables),
    Option.match({ onNone: () => "direct", onSome: (proxy) => proxy.url.host })
  )

const [http, https] = ["http://evolution.example.com:8080", "https://evolution.example.com"]

describe("the proxy on the way to Evolution", () => {
  it.effect.each([
    ["nothing set", https, {}, "direct"],
    ["https", https, { HTTPS_PROXY: "http://a:1", HTTP_PROXY: "http://b:2" }, "a:1"],
    ["http", http, { HTTPS_PROXY: "http://a:1", HTTP_PROXY: "http://b:2" }, "b:2"],
    ["https with HTTP_PROXY alone, as curl", https, { HTTP_PROXY: "http://b:2" }, "direct"],
    ["the scheme's before all", http, { ALL_PROXY: "http://c:3", HTTP_PROXY: "http://b:2" }, "b:2"],
    ["ALL_PROXY", https, { ALL_PROXY: "http://c:3" }, "c:3"],
    // salesforce/global-tunnel#12, netlify/cli#1290, cypress-io/cypress#3865
    ["lower case", https, { https_proxy: "http://a:1" }, "a:1"],
    ["lower before upper", https, { HTTPS_PROXY: "http://a:1", https_proxy: "http://b:2" }, "b:2"],
    ["all_proxy", http, { all_proxy: "http://c:3", ALL_PROXY: "http://d:4" }, "c:3"],
    // nodejs/node#66202
    ["an empty one, as curl", https, { https_proxy: "", HTTPS_PROXY: "http://a:1" }, "a:1"],
    ["no scheme, as curl", https, { HTTPS_PROXY: "proxy.corp:3128" }, "proxy.corp:3128"],
    ["a slash at the end", https, { HTTPS_PROXY: "http://a:1/" }, "a:1"],
    // axios/axios#4533
    ["an explicit port 80", https, { HTTPS_PROXY: "http://10.90.176.62:80" }, "10.90.176.62"],
    ["a proxy with TLS", https, { HTTPS_PROXY: "https://a:1" }, "a:1"],
    ["IPv6", https, { HTTPS_PROXY: "http://[fd00::1]:3128" }, "[fd00::1]:3128"],
    ["our own", https, { EVOLUTION_PROXY: "http://o:9", HTTPS_PROXY: "http://a:1" }, "o:9"],
    ["our own, beyond NO_PROXY", https, { EVOLUTION_PROXY: "http://o:9", NO_PROXY: "*" }, "o:9"],
    ["off", https, { EVOLUTION_PROXY: "Off", HTTPS_PROXY: "http://a:1" }, "direct"],
    ["our own, empty", https, { EVOLUTION_PROXY: "", HTTPS_PROXY: "http://a:1" }, "a:1"]
  ] as const)("is right for %s", ([, url, variables, expected]) =>
    Effect.gen(function* () {
      expect(yield* wayTo(url, variables)).toBe(expected)
    })
  )

  it.effect.each([
    // docker/compose#11433, moby/libnetwork#982, OpenVisualCloud/Smart-City-Sample#49
    "http://evolution-api:8080",
    // baserow/baserow#1616, lukevella/rallly#2901
    "http://localhost:8080",
    "http://127.0.0.1:8080",
    "http://[::1]:8080",
    "http://0.0.0.0:8080",
    "http://172.18.0.3:8080",
    "http://100.101.102.103:8080",
    "http://[fd7a:115c:a1e0::1]:8080",
    "http://host.docker.internal:8080",
    "http://evolution.railway.internal:8080",
    "http://evolution.apps.svc.cluster.local:8080",
    "http://evolution.apps.svc:8080",
    "http://evolution.local.:8080"
  ])("is none for %s, where a proxy is set for all programs", (url) =>
    Effect.gen(function* () {
      const everywhere = { HTTP_PROXY: "http://a:1", all_proxy: "http://a:1" }
      expect(yield* wayTo(url, everywhere)).toBe("direct")
      expect(yield* wayTo(url, { ...everywhere, EVOLUTION_PROXY: "http://o:9" })).toBe("o:9")
    })
  )

  it.effect("needs not be well-formed where it is not used", () =>
    Effect.gen(function* () {
      expect(yield* wayTo("http://evolution:8080", { HTTP_PROXY: "socks5://a:1" })).toBe("direct")
      expect(yield* wayTo(https, { HTTPS_PROXY: "//", NO_PROXY: "*" })).toBe("direct")
    })
  )
})

describe("NO_PROXY", () => {
  const all = { HTTPS_PROXY: "http://a:1", HTTP_PROXY: "http://a:1" }

  it.effect.each([
    ["*", https],
    // axios/axios#10688
    ["localhost, *", https],
    ["evolution.example.com", https],
    ["EVOLUTION.Example.COM", https],
    ["localhost,127.0.0.1 example.com", https],
    // axios/axios#2160, nahi/httpclient#110, gajus/global-agent#14
    [".example.com", "https://a.evolution.example.com"],
    // axios/axios#2864, axios/axios#4192
    ["*.example.com", https],
    ["*.com", https],
    ["example.com.", https],
    ["evolution.example.com:443", https],
    ["example.com:8080", http],
    ["203.0.113.7", "http://203.0.113.7:8080"],
    ["203.0.113.7:8080", "http://203.0.113.7:8080"],
    // NousResearch/hermes-agent#59474, pydantic/httpx2#1165
    ["10.0.0.0/8,203.0.113.0/24", "http://203.0.113.7:8080"],
    // nodejs/undici#5616
    ["2001:db8::7", "http://[2001:db8::7]:8080"],
    ["[2001:db8::7]", "http://[2001:db8::7]:8080"],
    ["[2001:DB8:0::7]:8080", "http://[2001:db8::7]:8080"],
    // curl/curl#19828
    ["2001:db8::/32", "http://[2001:db8::7]:8080"]
  ] as const)("with %s excepts %s", ([list, url]) =>
    Effect.gen(function* () {
      expect(yield* wayTo(url, { ...all, NO_PROXY: list })).toBe("direct")
      expect(yield* wayTo(url, { ...all, no_proxy: list, NO_PROXY: "other.org" })).toBe("direct")
      expect(yield* wayTo(url, { ...all, no_proxy: "other.org", NO_PROXY: list })).toBe("a:1")
    })
  )

  it.effect.each([
    ["", https],
    [",", https],
    [".", https],
    ["lution.example.com", https],
    ["evolution.example", https],
    ["sub.evolution.example.com", https],
    ["evolution.example.com:8443", https],
    ["example.com:443", http],
    ["203.0.113.8", "http://203.0.113.7:8080"],
    ["198.51.100.0/24", "http://203.0.113.7:8080"],
    ["203.0.113.0/99", "http://203.0.113.7:8080"],
    ["2001:db8::8", "http://[2001:db8::7]:8080"]
  ] as const)("with '%s' does not except %s", ([list, url]) =>
    Effect.gen(function* () {
      expect(yield* wayTo(url, { ...all, NO_PROXY: list })).toBe("a:1")
    })
  )
})

describe("a proxy's address", () => {
  it.effect.each([
    ["user:p%40ss%2Fword", "user:p@ss/word"],
    ["user", "user:"],
    ["user:", "user:"],
    [":token", ":token"],
    ["us%C3%A9r:a:b", "usér:a:b"]
  ] as const)("may have credentials: %s", ([given, plain]) =>
    Effect.gen(function* () {
      const proxy = Option.getOrThrow(yield* load(https, { HTTPS_PROXY: `http://${given}@a:1` }))
      expect(proxy.authorization && Redacted.value(proxy.authorization)).toBe(
        `Basic ${Buffer.from(plain).toString("base64")}`
      )
      expect(proxy.url.href).toBe("http://a:1/")
      expect(AppConfig.proxyWords(proxy)).toBe("the proxy at http://a:1 (HTTPS_PROXY)")
    })
  )

  it.effect.each([
    // haskell/cabal#1579, fatedier/frp#272, dfe-analytical-services/dfeR#47
    ["http://user:Secr3t@1@a:1", "percent-encoded"],
    ["http://user:123/Secr3t@a:1", "percent-encoded"],
    ["http://user:123#Secr3t@a:1", "percent-encoded"],
    ["http://user:123?Secr3t@a:1", "percent-encoded"],
    // apify/got-scraping#55, docker/for-linux#1149
    ["http://user:Secr3t%6q@a:1", "percent-encoded"],
    ["http://a:70000", "Expected an address"],
    ["ftp://a:1", "Expected an address"],
    ["http://a:1/path", "Expected an address"],
    // Azure/azure-sdk-for-node#127
    ["socks5://user:Secr3t@a:1", "SOCKS"],
    ["socks5h://a:1", "EVOLUTION_PROXY=off"]
  ] as const)("is refused without a piece of it: %s", ([HTTPS_PROXY, expected]) =>
    Effect.gen(function* () {
      const lines = AppConfig.explain(yield* Effect.flip(load(https, { HTTPS_PROXY })))
      expect(lines).toHaveLength(1)
      expect(lines[0]).toMatch(/^HTTPS_PROXY: /)
      expect(lines[0]).toContain(expected)
      expect(lines[0]).not.toContain("Secr3t")
    })
  )
})
