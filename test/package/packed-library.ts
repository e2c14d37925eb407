import { cp, readdir, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { run } from './run';

/** The root of the repository. */
export const PROJECT = resolve(__dirname, '../..');

const NOT_NEEDED = new Set(['node_modules', '.git', 'dist', 'coverage', 'test', 'sample']);

/**
 * Builds and packs the library as a release does, in a copy of the project: its own `dist` stays as it is, for whoever runs
 * something beside the tests.
 *
 * @param folder where the copy and the tarball are put.
 * @returns path of the tarball.
 */
export async function packLibrary(folder: string): Promise<string> {
  const copy = join(folder, 'project');
  await cp(PROJECT, copy, {
    recursive: true,
    filter: (path) => dirname(path) !== PROJECT || !NOT_NEEDED.has(basename(path)),
  });
  await symlink(join(PROJECT, 'node_modules'), join(copy, 'node_modules'), 'dir');
  await run('npm', ['pack', '--pack-destination', folder], copy);
  const tarball = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
  return join(folder, tarball!);
}
