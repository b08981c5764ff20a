/** The manners of a receiver, by command or by the first segment of a path: `/fails-10/shop`, `/gone`, `/late-30`. */

export type Behaviour =
  | { readonly _tag: "Answer"; readonly status: number; readonly headers?: Headers }
  /** 500 to so many of a hundred, 200 to the others. */
  | { readonly _tag: "Fails"; readonly percent: number }
  /** Takes the request, and never answers. */
  | { readonly _tag: "BlackHole" }
  | { readonly _tag: "Late"; readonly seconds: number }
  /** Takes the request, and closes the connection in the midst of the answer. */
  | { readonly _tag: "Cut" }
  /** 200 at once, and a body that comes a byte at a time. */
  | { readonly _tag: "SlowBody"; readonly seconds: number }
  | { readonly _tag: "HugeBody"; readonly megabytes: number }

type Headers = Readonly<Record<string, string>>

export const ok: Behaviour = { _tag: "Answer", status: 200 }
export const gone: Behaviour = { _tag: "Answer", status: 410 }
export const busy = (seconds: number): Behaviour => ({
  _tag: "Answer",
  status: 503,
  headers: { "retry-after": String(seconds) }
})
export const redirect = (location: string): Behaviour => ({
  _tag: "Answer",
  status: 307,
  headers: { location }
})

/** Where clouds have the credentials of a machine. */
export const metadata = "http://169.254.169.254/latest/meta-data/"

const named: Readonly<Record<string, (number: number) => Behaviour>> = {
  answer: (status) => ({ _tag: "Answer", status }),
  fails: (percent) => ({ _tag: "Fails", percent }),
  hole: () => ({ _tag: "BlackHole" }),
  late: (seconds) => ({ _tag: "Late", seconds }),
  gone: () => gone,
  busy,
  redirect: () => redirect(metadata),
  cut: () => ({ _tag: "Cut" }),
  slow: (seconds) => ({ _tag: "SlowBody", seconds }),
  huge: (megabytes) => ({ _tag: "HugeBody", megabytes })
}

/** The manner that a path asks for; 200 if it asks for none. */
export const behaviourOf = (path: string): Behaviour => {
  const [, name = "", number = "0"] = /^\/([a-z]+)(?:-(\d+))?(?=[/?]|$)/.exec(path) ?? []
  return named[name]?.(Number(number)) ?? ok
}

/** The status of an answer that surely comes, and in time; 0: there is none, or the sender may give up before. */
export const surely = (behaviour: Behaviour, isFailing: boolean): number => {
  switch (behaviour._tag) {
    case "Answer":
      return behaviour.status
    case "Fails":
      return isFailing ? 500 : 200
    case "HugeBody":
    case "SlowBody":
      return 200
    case "BlackHole":
    case "Cut":
    case "Late":
      return 0
  }
}
