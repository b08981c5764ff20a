/** As in `package.json`, which a bundle does not have with it. */
export const version = "0.1.0"
