/** `npm test` runs `*.test.ts`; `--mode fuzz` and `--mode soak` run what takes minutes. @module */
import { defineConfig } from "vitest/config";

const report = process.env.LEGATE_TEST_REPORT;

export default defineConfig(({ mode }) => ({
  test: {
    include: [`test/**/*.${mode}.ts`],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: mode === "test" ? 180_000 : 3_600_000,
    hookTimeout: 300_000,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
  },
}));
