import { join } from 'node:path';

/** The root of the repository, seen from the compiled files. */
export const PROJECT = join(__dirname, '../../../..');

export const RESULTS_FILE = join(PROJECT, 'test/bench/RESULTS.md');
