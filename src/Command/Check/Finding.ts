/** One line of a check: its subject, a verdict, and what to do. */

/** `warning`: it works and should be changed. `unknown`: the check cannot tell. */
export type Verdict = "ok" | "warning" | "unknown" | "failed"

export interface Finding {
  readonly about: string
  readonly verdict: Verdict
  readonly message: string
}

export const ok = (about: string, message: string): Finding => ({ about, verdict: "ok", message })
export const warning = (about: string, message: string): Finding => ({
  about,
  verdict: "warning",
  message
})
export const unknown = (about: string, message: string): Finding => ({
  about,
  verdict: "unknown",
  message
})
export const failed = (about: string, message: string): Finding => ({
  about,
  verdict: "failed",
  message
})

export const lineOf = ({ about, message, verdict }: Finding): string =>
  `${(verdict === "failed" ? "FAILED" : verdict).padEnd(8)} ${about}: ${message}`
