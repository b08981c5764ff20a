/** The text of one connection, as what it means for its reader. */
import { Channel, Chunk, Stream } from "effect"
import { makeParser } from "../Frames.ts"
import { ended, type Heard, type Interruption, type Reading } from "../Reading.ts"

/** Reads the text of one connection, up to its end. */
export class Hearing {
  readonly #parse = makeParser()
  readonly #reading: Reading
  /** The reason why the connection ends, as far as it is known. */
  end: Interruption = ended

  constructor(reading: Reading) {
    this.#reading = reading
  }

  take(text: string): ReadonlyArray<Heard> {
    const all: Array<Heard> = []
    for (const part of this.#parse(text)) {
      const heard = this.#reading.take(part)
      if (heard === undefined) continue
      all.push(heard)
      if (heard._tag !== "Interrupted") continue
      this.end = heard.by
      // The place may not go beyond a frame that is not given.
      break
    }
    return all
  }
}

/** Any chunk makes the schedule begin anew, also one in which a filter left nothing. */
export const withoutEmptyChunks = <A, E>(self: Stream.Stream<A, E>): Stream.Stream<A, E> => {
  const pass: Channel.Channel<
    Chunk.Chunk<A>,
    Chunk.Chunk<A>,
    E,
    E,
    void,
    unknown
  > = Channel.readWithCause({
    onInput: (chunk: Chunk.Chunk<A>) =>
      Chunk.isEmpty(chunk) ? pass : Channel.zipRight(Channel.write(chunk), pass),
    onFailure: Channel.failCause,
    onDone: () => Channel.void
  })
  return Stream.pipeThroughChannel(self, pass)
}
