import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // `npm run package` needs the npm registry.
    exclude: ["test/package/**"],
    globalSetup: "test/support/announce.ts",
    // Suites of one worker share their modules: to load and compile them takes longer than most tests.
    isolate: false,
    // More than a machine of two cores has: most suites wait for processes, sockets and databases.
    minWorkers: 6,
    maxWorkers: 6,
    // A test takes seconds at most; a machine that does other things as well takes more.
    testTimeout: 40_000
  }
})
