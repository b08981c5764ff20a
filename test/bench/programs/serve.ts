/** The program's side of `Program.ts`: it answers the parent's commands, and ends with the parent. */

interface Request {
  readonly number: number
  readonly command: string
  readonly args: ReadonlyArray<unknown>
}

/** Number 0: the program is ready. */
export type Reply =
  | { readonly number: number; readonly value?: unknown }
  | { readonly number: number; readonly error: string }

/** Call it when the program is ready. */
export const serve = (commands: object): void => {
  const reply = (answer: Reply) => process.send?.(answer)
  process.on("message", async ({ args, command, number }: Request) => {
    try {
      const found: unknown = Reflect.get(commands, command)
      if (typeof found !== "function") throw new Error(`No such command: ${command}`)
      reply({ number, value: await found(...args) })
    } catch (error) {
      reply({ number, error: error instanceof Error ? (error.stack ?? error.message) : `${error}` })
    }
  })
  process.once("disconnect", () => process.exit(0))
  reply({ number: 0 })
}

/** A variable that the parent sets. */
export const variable = (name: string): string => {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name}: not set`)
  return value
}
