/** The memory of a program after garbage collection, through Node's inspector. */
import WebSocket from "ws"
import { residentBytes } from "./Machine.ts"
import { sleep } from "./time.ts"

export interface Memory {
  /** Resident set in bytes. */
  readonly resident: number
  /** Used heap and external memory of V8, in bytes. */
  readonly heap: number
}

/** Collects the garbage of a process that was started with `--inspect=127.0.0.1:<port>`. */
export const memoryOf = async (pid: number, port: number): Promise<Memory> => {
  const targets: unknown = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()
  const [target] = Array.isArray(targets) ? targets : []
  const socket = new WebSocket(target.webSocketDebuggerUrl)
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject))
  let numbers = 0
  const call = (method: string, params: object = {}) =>
    new Promise<Answer>((resolve) => {
      const id = ++numbers
      const onMessage = (data: WebSocket.RawData) => {
        const answer: Answer = JSON.parse(data.toString())
        if (answer.id !== id) return
        socket.off("message", onMessage)
        resolve(answer)
      }
      socket.on("message", onMessage)
      socket.send(JSON.stringify({ id, method, params }))
    })

  // Finalizers of one collection may free memory for the next.
  for (let round = 0; round < 3; round++) {
    await call("HeapProfiler.collectGarbage")
    await sleep(200)
  }
  const answer = await call("Runtime.evaluate", {
    expression: "(({heapUsed,external})=>heapUsed+external)(process.memoryUsage())",
    returnByValue: true
  })
  socket.close()
  return { resident: residentBytes(pid), heap: answer.result?.result?.value ?? Number.NaN }
}

interface Answer {
  readonly id?: number
  readonly result?: { readonly result?: { readonly value?: number } }
}
