/** The mark that `describeIf` leaves in the title of what it skips. */
const REASON = / \[skipped: (.+)\]$/;

/** Says in the last lines of a run which tests were skipped, and what the machine needs to run them. */
module.exports = class SkipsReporter {
  onRunComplete(_contexts, { testResults }) {
    const skips = new Map();
    for (const { testFilePath, testResults: tests } of testResults) {
      for (const { status, ancestorTitles } of tests) {
        const reason = ancestorTitles.map((title) => REASON.exec(title)?.[1]).find(Boolean);
        if (status === 'pending' && reason) {
          const skip = skips.get(reason) ?? { files: new Set(), count: 0 };
          skip.files.add(testFilePath.slice(process.cwd().length + 1));
          skip.count++;
          skips.set(reason, skip);
        }
      }
    }
    // Jest's own summary comes after every reporter; nothing comes after this.
    process.once('exit', () => {
      for (const [reason, { files, count }] of skips) {
        process.stderr.write(`Skipped ${count} of the tests in ${[...files].join(', ')}: ${reason}.\n`);
      }
    });
  }
};
