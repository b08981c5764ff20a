/** The text before the first of these marks, and after it. */
export const halves = (text: string, mark: string): readonly [string, string] => {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)]
}
