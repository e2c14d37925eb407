/**
 * Throws where a page did what no page may do: violate its policy, log an error or a warning, let an error through. Requests
 * may fail, for tests stop them and servers refuse them.
 */
export function failOnFaults(findings: readonly string[]): void {
  const expected = /^failed: |^4\d\d: |^console error: Failed to load resource: /;
  const faults = findings.filter((finding) => !expected.test(finding));
  if (faults.length > 0) {
    throw new Error(`The page had faults:\n${faults.join('\n')}`);
  }
}
