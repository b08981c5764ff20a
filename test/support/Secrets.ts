/** Makes secrets to plant, and searches for them where they must not be. */
import { createHash } from "node:crypto"

export interface Secret {
  readonly name: string
  readonly value: string
}

/** Bytes that follow from a name and a seed. */
export const bytesOf = (name: string, seed: number, length = 32): Buffer =>
  createHash("sha512").update(`${seed} ${name}`).digest().subarray(0, length)

/** A secret with characters that JSON, URLs and SQL have to escape. */
export const passwordOf = (name: string, seed: number): string =>
  `p"${bytesOf(name, seed, 9).toString("base64url")}\\/+%'é`

/** A secret that can travel in a header. */
export const tokenOf = (name: string, seed: number): string =>
  `${name}_${bytesOf(name, seed, 18).toString("base64url")}`

/** The key of a file or of a group: base64 of random bytes. */
export const keyBytesOf = (name: string, seed: number): string =>
  bytesOf(name, seed).toString("base64")

/** Forms of a secret in output; found by brute force, independently of the service's own code. */
export const formsOf = (value: string): ReadonlyArray<string> => {
  const inBase64 = ["", "x", "xy"].flatMap((before) =>
    ["", "z", "zz"].map((after) => {
      const one = Buffer.from(before + value + after).toString("base64")
      const other = Buffer.from(`${before.replaceAll(/./g, "Q")}${value}${after}`).toString(
        "base64"
      )
      // The part that does not depend on the neighbours.
      const begin = [...one].findIndex((_, at) => one.slice(at) === other.slice(at))
      return one.slice(begin, one.length - 4)
    })
  )
  const forms = [
    value,
    JSON.stringify(value).slice(1, -1),
    JSON.stringify(JSON.stringify(value)).slice(3, -3),
    encodeURIComponent(value),
    ...inBase64,
    ...inBase64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))
  ]
  return [...new Set(forms)].filter((form) => form.length >= 8)
}

/** Findings with their places, one per line. */
export const search = (
  secrets: ReadonlyArray<Secret>,
  places: Readonly<Record<string, string>>
): ReadonlyArray<string> =>
  secrets.flatMap(({ name, value }) =>
    formsOf(value).flatMap((form) =>
      Object.entries(places).flatMap(([place, text]) => {
        const at = text.indexOf(form)
        return at === -1
          ? []
          : [`${name} in ${place}: …${text.slice(Math.max(0, at - 150), at + form.length + 20)}…`]
      })
    )
  )
