/** The other side of `Program.ts`: a program answers its parent's commands, and goes with it. */

interface Request {
  readonly number: number
  readonly command: string
  readonly args: ReadonlyArray<unknown>
}

/** Number 0: the program is ready. */
export type Reply =
  | { readonly number: number; readonly value?: unknown }
  | { readonly number: number; readonly error: string }

/** To be called once everything is up. */
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
