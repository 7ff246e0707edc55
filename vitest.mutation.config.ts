/** What kills mutants: the tests of the pure rooms, without those that start processes or whole engines. @module */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/{base,wire,grant,lifecycle,token,chain}/**/*.test.ts"],
    testTimeout: 60_000,
  },
});
