/** Names that Evolution accepts, each with the thread of a person who has such a one, where there is any. */
export const names: ReadonlyArray<string> = [
  "Loja São João",
  "vendas.sp",
  "joao@empresa",
  "a,b",
  // EvolutionAPI/evolution-api#2543, and PR 2546, which trims from 2.4 on: a space at the end
  "my instance ",
  " ",
  // nginx/nginx#501, serokell/hackage-search#17: a proxy may decode it, and Evolution must not be asked twice encoded
  "a/b",
  "a%2Fb",
  "50%",
  "a b/ç%20👍",
  // UNIkeEN/SJMCL#518: a number sign cuts an address
  "000#111",
  "a?b&c=d;e+f",
  // lecaillon/Evolve#126: a backslash is lost
  "SERVER\\INSTANCE",
  `O'Neill "shop" <b>`,
  "a*b",
  "(a|b)[c]{2}^$.",
  // Of one code point, and of two: two names
  "José".normalize("NFC"),
  "José".normalize("NFD"),
  // Its small letter is longer
  "İstanbul",
  "数据",
  "متجر",
  "two\nlines\tand a tab",
  "__proto__",
  "status",
  "...",
  "%2e%2e",
  "x".repeat(255),
  "👍".repeat(255)
]

/** Names that Evolution accepts, and that no path can carry. */
export const directions: ReadonlyArray<string> = [".", ".."]

/** EvolutionAPI/evolution-api#1005 and #1151: the empty name, of 2.2. Postgres stores none of the others. */
export const impossible: ReadonlyArray<string> = ["", "a\0b", "a\ud83d", "\udc4d", "x".repeat(256)]
