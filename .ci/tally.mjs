/** Prints `passed failed` of a vitest report: a file that could not run and a red run without a report count as failures. @module */
import { existsSync, readFileSync } from "node:fs";

const [path, status] = process.argv.slice(2);
if (existsSync(path)) {
  const report = JSON.parse(readFileSync(path, "utf8"));
  const brokenFiles = report.testResults.filter(
    (file) =>
      file.status === "failed" && file.assertionResults.every(({ status }) => status !== "failed"),
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  console.log(report.numPassedTests, status === "0" ? failed : Math.max(failed, 1));
} else {
  console.log(0, 1);
}
