import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT } from './packed-library';

const TITLED_BLOCK = /^```(?:ts|js) title="([^"]+)"\n(.*?)^```$/gms;

/** The files that the README tells a reader to write: its `ts` and `js` blocks with a title, by that title. */
export async function readmeBlocks(): Promise<Record<string, string>> {
  const readme = await readFile(join(PROJECT, 'README.md'), 'utf8');
  return Object.fromEntries([...readme.matchAll(TITLED_BLOCK)].map(([, title = '', code = '']) => [title, code]));
}
