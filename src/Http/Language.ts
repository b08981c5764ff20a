/** The language of a page, by the browser's preference. */
import Negotiator from "negotiator"

/** Languages by primary tag: a browser that asks for `pt-PT` gets `pt-BR`. */
const languages = { en: "en", pt: "pt-BR", es: "es" } as const
export type Language = (typeof languages)[keyof typeof languages]

export const all: ReadonlyArray<Language> = Object.values(languages)

/** https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4 */
export const negotiate = (headers: Readonly<Record<string, string | undefined>>): Language => {
  const wished = new Negotiator({ headers }).language(Object.keys(languages))
  return wished === "pt" || wished === "es" ? languages[wished] : "en"
}
