/** Answers of what stands between people's clients and their servers, each with the thread of a person who has it. */
export interface Intermediary {
  readonly what: string
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  /** Words that name it. */
  readonly named: string
}

const html = (title: string, rest = "") =>
  `<!DOCTYPE html><html><head><title>${title}</title></head><body>${rest}</body></html>`

const page = (
  what: string,
  status: number,
  named: string,
  body: string,
  headers: Readonly<Record<string, string>> = {}
): Intermediary => ({
  what,
  status,
  body,
  named,
  headers: { "content-type": "text/html; charset=utf-8", ...headers }
})

const text = (...[what, status, named, body, headers]: Parameters<typeof page>): Intermediary =>
  page(what, status, named, body, { "content-type": "text/plain; charset=utf-8", ...headers })

export const intermediaries: ReadonlyArray<Intermediary> = [
  // easypanel-io/templates#1064, EvolutionAPI/evolution-api#2064
  text("Traefik without a route", 404, "Traefik", "404 page not found\n"),
  text("Traefik without a server", 503, "Traefik", "no available server\n"),
  // EvolutionAPI/evolution-api#741, #230
  page("nginx without its upstream", 502, "nginx", "", { server: "nginx/1.27.1" }),
  page(
    "nginx that hides its version in the header",
    502,
    "nginx",
    "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
  ),
  page("nginx with another site", 404, "nginx", html("404 Not Found", "<center>nginx</center>")),
  page("nginx that waits in vain", 504, "openresty", html("504 Gateway Time-out"), {
    server: "openresty"
  }),
  // monkeytypegame/monkeytype#4254, anthropics/claude-code#30437
  page("Cloudflare's challenge", 403, "Cloudflare", html("Just a moment..."), {
    server: "cloudflare",
    "cf-ray": "8f1a-GRU"
  }),
  // coyove/goflyway#119, blockchain/service-my-wallet-v3#110
  page("Cloudflare without its origin", 522, "Cloudflare", html("522: Connection timed out"), {
    "cf-ray": "8f1b-GRU"
  }),
  // notatallshaw/nab#579
  text("Cloudflare's 521", 521, "Cloudflare", "error code: 521", { server: "cloudflare" }),
  // socketio/socket.io-client#575, coder/code-server#1348
  page("a password in front", 401, "a request for a password", html("401 Authorization Required"), {
    "www-authenticate": 'Basic realm="Restricted"'
  }),
  // bubenshchykov/ngrok#281
  page("ngrok's warning", 200, "ngrok", html("You are about to visit"), {
    "ngrok-error-code": "ERR_NGROK_6024"
  }),
  page("a tunnel that is offline", 404, "ngrok", html("ngrok"), {
    "ngrok-error-code": "ERR_NGROK_3200"
  }),
  // goauthentik/authentik#3637
  page("a login page elsewhere", 302, 'a redirect to "login.example.org"', "", {
    location: "https://login.example.org/start?rd=secret-state-123"
  }),
  page("a captive portal", 200, "HTML", html("Welcome to our guest network")),
  page("a captive portal with a status of its own", 511, "HTML", html("Network login")),
  // EvolutionAPI/evolution-api#713
  page("EasyPanel without the service", 502, "HTML", html("Service is not reachable")),
  page(
    "HAProxy",
    503,
    "HAProxy",
    "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>"
  ),
  text("Envoy", 503, "Envoy", "upstream connect error or disconnect/reset before headers"),
  text("Caddy without its upstream", 502, "Caddy", "", { server: "Caddy" }),
  text("Varnish", 503, "varnish", "Backend fetch failed", { via: "1.1 varnish (Varnish/7.5)" }),
  page("a firewall of Amazon", 403, "awselb", html("403 Forbidden"), { server: "awselb/2.0" }),
  text("Kong without a route", 404, "kong", '{"message":"no Route matched with those values"}', {
    "content-type": "application/json",
    server: "kong/3.4.0"
  }),
  text(
    "a gateway's JSON",
    404,
    "JSON that is not Evolution's",
    '{"statusCode":404,"message":"Not Found","error":"Not Found"}',
    {
      "content-type": "application/json"
    }
  ),
  text("an empty 404", 404, "no text", ""),
  text("another Express", 404, "text", "Cannot GET /")
]
