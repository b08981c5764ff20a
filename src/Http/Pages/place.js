/** The path under which the service is served, such as `/listener/`: a proxy may serve it beside others. */
const { pathname, protocol } = new URL("..", import.meta.url)

/** Ends with a slash. Tests load this script from a file. */
const base = protocol === "file:" ? "/" : pathname

/** A path of the service as a path of this site. @param {string} path */
export const rooted = (path) => base + path.slice(1)

/** The path of the page, as the service knows it. */
export const ownPath = () => `/${location.pathname.slice(base.length)}`
