import { describe, expect, it } from "@effect/vitest"
import * as Look from "../../../src/Domain/Scrub/Look.ts"

const code = `2@${"a1B/".repeat(11)},${"c+D=".repeat(11)},${"e".repeat(44)},x==`

describe("the name of a secret", () => {
  it.each([
    "apikey",
    "API_KEY",
    "openaiApiKey",
    "token",
    "wavoipToken",
    "accessTokenWaBusiness",
    "instance-token",
    "clientSecret",
    "messageSecret",
    "botMessageSecret",
    "advSecretKey",
    "password",
    "proxyPassword",
    "basicAuthPass",
    "Authorization",
    "Set-Cookie",
    "pairingCode",
    "pairing_code",
    "mediaKey",
    "attachmentMediaKey",
    "keyData",
    "callKey",
    "privKey",
    "senderRatchetKeyPrivate",
    "masterKey",
    "axolotlSenderKeyDistributionMessage",
    "fastRatchetKeySenderKeyDistributionMessage",
    "headers",
    "private",
    "creds"
  ])("%s is one", (name) => {
    expect(Look.isSecretName(name)).toBe(true)
  })

  it.each([
    "key",
    "keyId",
    "id",
    "remoteJid",
    "directPath",
    "url",
    "fileSha256",
    "fileEncSha256",
    "mediaKeyTimestamp",
    "publicKey",
    "identityKey",
    "senderKeyHash",
    "messageContextInfo",
    "tokenCount",
    "header",
    "privacy",
    "passenger",
    "base64",
    "code",
    "jpegThumbnail"
  ])("%s is none", (name) => {
    expect(Look.isSecretName(name)).toBe(false)
    expect(Look.isCodeName(name)).toBe(false)
  })

  it.each(["qr", "qrcode", "qrCode", "QRCODE_UPDATED", "qrCodeBase64"])(
    "%s is that of a code to scan",
    (name) => {
      expect(Look.isCodeName(name)).toBe(true)
    }
  )
})

describe("a secret that is recognised by its look", () => {
  it.each<readonly [string, string, string]>([
    ["a code to scan", `scan ${code} now`, "scan [redacted] now"],
    ["a code in an address", `/${encodeURIComponent(code)}/x`, "/[redacted]/x"],
    ["a drawn code", "<img src='data:image/png;base64,iVBOR+/='>", "<img src='[redacted]'>"],
    ["a password in an address", "postgres://u:p%40ss@host/db", "postgres://[redacted]@host/db"],
    ["a key made here", `el_${"aB-_9".repeat(9).slice(0, 43)}.`, "[redacted]."],
    ["a token of ours", "eyJhbGciOiJIUzI1NiJ9.eyJhdWQi.c2ln", "[redacted]"]
  ])("%s is blotted", (_, text, blotted) => {
    expect(Look.mayHoldSecret(text)).toBe(true)
    expect(Look.blot(text)).toBe(blotted)
    expect(Look.mayHoldSecret(blotted)).toBe(false)
  })

  it.each([
    "5511988887777@s.whatsapp.net",
    "120363025246125486@g.us, 5511999990001:12@s.whatsapp.net",
    "come to my place 2@home, please",
    "https://mmg.whatsapp.net/v/t62.7118-24/1_n.enc?ccb=11-4&oh=01_Q5",
    "http://localhost:8080/instance@home",
    "el_short and el_nino",
    "data:image/jpeg;base64,/9j/4AAQ",
    "09:30@lunch, 10:15@meeting"
  ])("“%s” is left as it is", (text) => {
    expect(Look.mayHoldSecret(text)).toBe(false)
    expect(Look.blot(text)).toBe(text)
  })
})

describe("text written for people", () => {
  it.each<readonly [string, string]>([
    ["apikey: abc123, more", "apikey: [redacted], more"],
    ['{"mediaKey":"a+b/=","x":1}', '{"mediaKey":"[redacted]","x":1}'],
    ['{\\"mediaKey\\":\\"a+b/=\\",\\"x\\":1}', '{\\"mediaKey\\":\\"[redacted]\\",\\"x\\":1}'],
    ['{"keyData":{"type":"Buffer","data":[1,2]},"x":1}', '{"keyData":[redacted]]},"x":1}'],
    ["Authorization: Bearer abcdef", "Authorization: [redacted]"],
    ["sent Basic dXNlcjpwYXNz there", "sent Basic [redacted] there"],
    ["?a=1&token=x%20y&b=2", "?a=1&token=[redacted]&b=2"],
    ["/#ticket=abc", "/#ticket=[redacted]"],
    ["qrcode: 2@abc", "qrcode: [redacted]"],
    ["eyJ0eXAi.eyJzdWIi.c2lnbg", "[redacted]"],
    ["password=[redacted]", "password=[redacted]"]
  ])("%s", (text, blotted) => {
    expect(Look.words(text)).toBe(blotted)
    expect(Look.words(blotted)).toBe(blotted)
  })

  it.each([
    "Invalid global token",
    "apiKey is required",
    'Evolution refused the socket: HTTP 400 "Invalid global token"; to do: check_api_key',
    `Unexpected token '<', "<html>" is not valid JSON`,
    "Evolution refused the API key: Unauthorized",
    "Cannot reach Evolution: connect ECONNREFUSED 127.0.0.1:8080",
    "LICENSE_REQUIRED: register_url"
  ])("“%s” say nothing secret", (text) => {
    expect(Look.words(text)).toBe(text)
  })
})

describe("Look", () => {
  it.each([
    "1%40-",
    "1@",
    "2@aaaaaaaaaaaa,",
    "://a:",
    "accesstoken",
    "token:{",
    "token\\",
    "token    ",
    "qr",
    "eyJaaaaa-",
    "eyJhbGciOiJIUzI1NiJ9.",
    "basic ",
    "el_"
  ])("a text of “%s” over and over is searched in linear time", (part) => {
    const text = part.repeat(500_000 / part.length)
    const before = process.cpuUsage()
    Look.mayHoldSecret(text)
    Look.blot(text)
    Look.words(text)
    Look.mayName(text)
    // Time that grows with the square of the length would be minutes. Processor time: others may be at work.
    const { system, user } = process.cpuUsage(before)
    expect((system + user) / 1000).toBeLessThan(5000)
  })
})
