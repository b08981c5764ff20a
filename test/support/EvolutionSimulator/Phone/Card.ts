/** What the page is told of an instance. */
export interface Card {
  readonly name: string
  readonly state: "open" | "connecting" | "close" | "unknown"
  readonly profileName: string | null
  readonly phone: string | null
  /** Which code it shows, counted from 1, and the code as a picture; `null` when there is none to scan. */
  readonly qr: { readonly number: number; readonly picture: string } | null
}
