import { defineConfig } from "vitest/config"

// The packed library in folders of its own, as its users have it. Needs the npm registry.
export default defineConfig({
  test: {
    include: ["test/package/**/*.test.ts"],
    globalSetup: "test/package/install.ts",
    maxWorkers: 2,
    testTimeout: 120_000
  }
})
