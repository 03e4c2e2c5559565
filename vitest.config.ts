import { defineConfig } from "vitest/config"

// Those that Node knows: a package may have files for bundlers alone.
const conditions = ["effect-redial-source", "node", "import", "default"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/setup.ts"],
    testTimeout: 20_000
  }
})
