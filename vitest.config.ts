import { defineConfig } from "vitest/config"

// Those that Node knows: a package may have files for bundlers alone.
const conditions = ["effect-redial-source", "node", "import", "default"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["test/**/*.test.ts"],
    // A test that fails shows what it printed: log lines of redials, mostly.
    silent: "passed-only",
    // By itself it leaves one core free, and on a machine with two cores one file runs at a time.
    maxWorkers: "100%",
    setupFiles: ["test/support/setup.ts"],
    testTimeout: 20_000
  }
})
