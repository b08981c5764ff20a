/** The tests that mutants must get past: those of the pure districts, without a database, a socket or a browser. */
import { Tinypool } from "tinypool"
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/**
 * One thread runs the tests of all mutants of a runner, as Effect takes longer to load than they take to run.
 * Vitest would end the thread after each file. It still loads the source and the tests anew for each.
 */
const { run } = Tinypool.prototype
Tinypool.prototype.run = function (task, options) {
  this.options.isolateWorkers = false
  return run.call(this, task, options)
}
Tinypool.prototype.recycleWorkers = () => Promise.resolve()

/** The quickest files first: one failed test is enough, and most are in the file for the part that is changed. */
class QuickestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>) {
    return (await super.sort(files)).reverse()
  }
}

export default defineConfig({
  test: {
    include: ["test/{Domain,Concurrency,AppConfig}/**/*.test.ts", "test/AppConfig.test.ts"],
    setupFiles: "test/mutants/setup.ts",
    env: { PROPERTY_RUNS: "100" },
    sequence: { sequencer: QuickestFirst },
    testTimeout: 20_000
  }
})
