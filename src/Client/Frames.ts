/**
 * Server-sent events out of text in pieces of any size.
 *
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */

export type Part =
  | {
      readonly _tag: "Frame"
      /** Empty if the frame has no name. */
      readonly event: string
      readonly data: string
      /** The last id up to here; empty before the first. */
      readonly id: string
    }
  /** A comment, such as the service's heartbeat. */
  | { readonly _tag: "Comment" }

/** Takes the text of one stream, piece by piece, and gives what each piece completes. */
export const makeParser = (): ((text: string) => ReadonlyArray<Part>) => {
  /** Pieces of the unfinished line: one of many megabytes comes in many pieces, and is joined once. */
  let line: Array<string> = []
  let endedWithCr = false
  let [event, id] = ["", ""]
  let data: Array<string> = []

  const dispatch = (): ReadonlyArray<Part> => {
    const parts: ReadonlyArray<Part> =
      data.length === 0 ? [] : [{ _tag: "Frame", event, data: data.join("\n"), id }]
    event = ""
    data = []
    return parts
  }

  const take = (text: string): ReadonlyArray<Part> => {
    if (text === "") return dispatch()
    const colon = text.indexOf(":")
    if (colon === 0) return [{ _tag: "Comment" }]
    const field = colon < 0 ? text : text.slice(0, colon)
    const value = colon < 0 ? "" : text.slice(text[colon + 1] === " " ? colon + 2 : colon + 1)
    if (field === "data") data.push(value)
    else if (field === "event") event = value
    else if (field === "id" && !value.includes("\0")) id = value
    return []
  }

  return (text) => {
    const parts: Array<Part> = []
    // CR ended the last piece: a LF that begins this one belongs to the same line end.
    let from = endedWithCr && text.startsWith("\n") ? 1 : 0
    if (text !== "") endedWithCr = text.endsWith("\r")
    const lineEnd = /\r\n|\r|\n/g
    lineEnd.lastIndex = from
    for (let end = lineEnd.exec(text); end !== null; end = lineEnd.exec(text)) {
      line.push(text.slice(from, end.index))
      parts.push(...take(line.join("")))
      line = []
      from = lineEnd.lastIndex
    }
    if (from < text.length) line.push(text.slice(from))
    return parts
  }
}
