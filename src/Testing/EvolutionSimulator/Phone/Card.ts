/** The facts of an instance that the page shows. */
export interface Card {
  readonly name: string
  readonly state: "open" | "connecting" | "close" | "unknown"
  readonly profileName: string | null
  readonly phone: string | null
  /** Number of the code, from 1, and the code as a picture; `null` if there is none to scan. */
  readonly qr: { readonly number: number; readonly picture: string } | null
}
