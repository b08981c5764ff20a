/** JSON text as a test has made it up, as if it had been scrubbed. */
import type { JsonText } from "../../src/Domain/Event.ts"

export const jsonText = (text: string) => text as JsonText & string
