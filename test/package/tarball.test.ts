import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packLibrary } from './packed-library';
import { run } from './run';
import { removeFolder, temporaryFolder } from './temporary-folder';

describe('The tarball', () => {
  let folder: string;
  let content: string;

  beforeAll(async () => {
    folder = await temporaryFolder('tarball');
    await run('tar', ['-xzf', await packLibrary(folder)], folder);
    content = join(folder, 'package');
  }, 300_000);

  afterAll(() => removeFolder(folder));

  it('holds the compiled library and its papers, and nothing else', async () => {
    expect((await readdir(content)).toSorted()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist',
      'package.json',
    ]);
    const compiled = await readdir(join(content, 'dist'), { recursive: true, withFileTypes: true });
    const foreign = compiled.filter((entry) => entry.isFile() && !/\.(js|js\.map|d\.ts)$/.test(entry.name));
    expect(foreign.map(({ name }) => name)).toEqual([]);
  });

  it('carries the sources in the source maps, for src is not part of it', async () => {
    const maps = (await readdir(join(content, 'dist'), { recursive: true })).filter((file) => file.endsWith('.map'));
    const withoutSources = await Promise.all(
      maps.map(async (file) => {
        const map = JSON.parse(await readFile(join(content, 'dist', file), 'utf8')) as SourceMap;
        return map.sourcesContent?.length === map.sources.length && map.sourcesContent.every(Boolean) ? [] : [file];
      }),
    );
    expect(maps).toContain('index.js.map');
    expect(withoutSources.flat()).toEqual([]);
  });
});

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly (string | null)[];
}
