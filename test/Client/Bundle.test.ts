import { readFileSync } from "node:fs"
import { builtinModules } from "node:module"
import { join } from "node:path"
import { brotliCompressSync, gzipSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { build, type Metafile } from "esbuild"

const root = join(import.meta.dirname, "../..")

/** A client as a page would ship it. */
const bundled = async (entry: string) => {
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    minify: true,
    platform: "browser",
    target: "es2022",
    metafile: true,
    write: false,
    logLevel: "error"
  })
  const [file] = outputFiles
  return { code: Buffer.from(file?.contents ?? []), metafile }
}

const inputsOf = ({ outputs }: Metafile): ReadonlyArray<string> =>
  Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs))

/** Code of the service, which is of no use in a page. */
const server = [
  /^node:/,
  /node_modules\/(@effect\/(sql|platform-node|cluster|rpc|workflow|experimental)|ws|pg|pg-\w+|jose|qrcode|negotiator|socket\.io-parser|engine\.io-parser|@electric-sql)\//,
  /^src\/(?!Client|Domain\/|Http\/Api)/
]

/** The sizes that the page about clients states: minified, by gzip, by brotli; in KiB. */
const statedOf = (entry: string): ReadonlyArray<number> => {
  const page = readFileSync(join(root, "docs/clients.md"), "utf8")
  const row = page.split("\n").find((line) => line.startsWith("|") && line.includes(`\`${entry}\``))
  return [...(row ?? "").matchAll(/([\d.]+) KiB/g)].map(([, size]) => Number(size))
}

describe.each([
  // The budgets are a tenth above what was measured.
  ["src/Client/mod.ts", 3.8],
  ["src/Client/Effect.ts", 262]
] as const)("the bundle of %s for a browser", { timeout: 60_000 }, (entry, budget) => {
  const bundle = bundled(entry)

  it("has no code of the server, no module of Node, and no address of either", async () => {
    const { code, metafile } = await bundle
    const inputs = inputsOf(metafile)
    expect(inputs.length).toBeGreaterThan(5)
    expect(inputs.filter((input) => server.some((pattern) => pattern.test(input)))).toEqual([])
    const outside = Object.values(metafile.outputs).flatMap(({ imports }) => imports)
    expect(outside).toEqual([])
    const modules = Object.values(metafile.inputs).flatMap(({ imports }) =>
      imports.map(({ path }) => path)
    )
    expect(modules.filter((path) => builtinModules.includes(path))).toEqual([])
    expect(code.toString()).not.toMatch(/["']node:/)
  })

  it(`has ${budget} KiB at most, compressed by gzip, and the sizes that the documentation states`, async () => {
    const { code } = await bundle
    const packed = gzipSync(code, { level: 9 })
    const sizes = [code, packed, brotliCompressSync(code)].map(({ length }) => length / 1024)
    expect(packed.length / 1024).toBeLessThan(budget)
    const stated = statedOf(entry)
    expect(stated.length).toBe(3)
    for (const [nth, size] of sizes.entries()) {
      const share = (stated[nth] ?? 0) / size
      expect(share, `${size.toFixed(1)} KiB`).toBeGreaterThan(0.9)
      expect(share, `${size.toFixed(1)} KiB`).toBeLessThan(1.1)
    }
  })
})

describe("the client with promises", () => {
  it("has no dependencies", async () => {
    const { metafile } = await bundled("src/Client/mod.ts")
    expect(inputsOf(metafile).filter((input) => !/^src\/Client[./]/.test(input))).toEqual([])
  })
})
