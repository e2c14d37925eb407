/**
 * `describe` for tests that need something which a machine may lack. Where it is missing they are skipped, and the last
 * lines of the run say so; with `CI=true` they fail.
 *
 * @param missing what is missing and how to get it, or `undefined` where it is there.
 */
export function describeIf(missing: string | undefined, name: string, tests: () => void): void {
  if (missing === undefined) {
    describe(name, tests);
  } else if (process.env['CI'] === 'true') {
    describe(name, () => {
      it('finds what it needs on this machine', () => {
        throw new Error(missing);
      });
    });
  } else {
    describe.skip(`${name} [skipped: ${missing}]`, tests);
  }
}
