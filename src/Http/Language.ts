/** Which of the pages' languages a browser gets. */

export const languages = ["en", "pt-BR", "es"] as const
export type Language = (typeof languages)[number]

/** By the primary tag: whoever reads any Portuguese reads ours. */
const speakers = new Map<string, Language>([
  ["*", "en"],
  ["en", "en"],
  ["es", "es"],
  ["pt", "pt-BR"]
])

/** https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4; of equal wishes the first one counts. */
export const negotiate = (acceptLanguage: string | undefined): Language => {
  let best: { readonly language: Language; readonly weight: number } | undefined
  // A header that names hundreds of languages is nobody's wish.
  for (const wish of (acceptLanguage ?? "").split(",", 50)) {
    const [tag = "", ...parameters] = wish.split(";").map((part) => part.trim())
    const language = speakers.get(tag.split("-")[0]?.toLowerCase() ?? "")
    const weight = weightOf(parameters)
    if (language !== undefined && weight > (best?.weight ?? 0)) best = { language, weight }
  }
  return best?.language ?? "en"
}

/** 1 where nothing is said, 0 where it is not a weight. */
const weightOf = (parameters: ReadonlyArray<string>): number => {
  const q = parameters.find((parameter) => /^q\s*=/i.test(parameter))
  if (q === undefined) return 1
  const given = q.slice(q.indexOf("=") + 1).trim()
  return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(given) ? Number(given) : 0
}
