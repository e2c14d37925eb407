import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new empty folder outside the repository. */
export async function temporaryFolder(name: string): Promise<string> {
  return mkdtemp(join(await realpath(tmpdir()), `nestjs-sse-views-${name}-`));
}

/** Removes a folder with whatever it holds. */
export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
