/** The tests that mutants must get past: those of the pure districts, without a database, a socket or a browser. */
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/{Domain,Concurrency,AppConfig}/**/*.test.ts", "test/AppConfig.test.ts"],
    poolOptions: { threads: { isolate: false } },
    env: { PROPERTY_RUNS: "300" },
    testTimeout: 20_000
  }
})
