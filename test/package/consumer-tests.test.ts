/*
 * The test that the README tells a reader to write, in applications outside the repository: as it stands, with the
 * configuration of the README and without flags.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWithRegistry } from '../support/registry';
import { ConsumerApp, type ConsumerOptions } from './consumer-app';
import { packLibrary } from './packed-library';
import { readmeBlocks } from './readme-blocks';
import { run } from './run';
import { removeFolder, temporaryFolder } from './temporary-folder';

const MINUTES = 60_000;

const TEST = 'test/notifications.test.ts';
const TITLES = ['jest.config.mjs', TEST, 'src/notifications.module.ts'];

/** For a compiler that looks at the tests, too. */
const TSCONFIG_OF_TESTS = {
  extends: './tsconfig.json',
  compilerOptions: { noEmit: true, rootDir: '.' },
  include: ['src', 'test'],
};

/** What the README tells a reader to install, and what every application has. */
const PACKAGES = {
  jest: '^30.0.0',
  '@jest/globals': '^30.0.0',
  '@swc/core': '^1.16.0',
  '@swc/jest': '^0.2.39',
  '@types/node': '^20.19.0',
  'class-transformer': '^0.5.1',
  'class-validator': '^0.15.0',
  'reflect-metadata': '^0.2.0',
  rxjs: '^7.8.0',
  typescript: '^6.0.0',
  vitest: '^4.1.0',
};

const APPLICATIONS: readonly { name: string; nest: string; type: ConsumerOptions['type'] }[] = [
  { name: 'Nest 12 with ES modules', nest: '^12.0.0', type: 'module' },
  { name: 'Nest 11 with CommonJS', nest: '^11.2.0', type: 'commonjs' },
];

describeWithRegistry('The test of the README', () => {
  let packing: string;
  let tarball: string;

  beforeAll(async () => {
    packing = await temporaryFolder('packed');
    tarball = await packLibrary(packing);
  }, 5 * MINUTES);

  afterAll(() => removeFolder(packing), MINUTES);

  describe.each(APPLICATIONS)('in an application of $name', ({ nest, type }) => {
    let consumer: ConsumerApp;
    let blocks: Record<string, string>;

    beforeAll(async () => {
      blocks = await readmeBlocks();
      const sources = Object.fromEntries(TITLES.map((title) => [title, blocks[title]!]));
      const ofNest = ['common', 'core', 'platform-express', 'testing'].map((name) => [`@nestjs/${name}`, nest]);
      consumer = await ConsumerApp.create('tests', tarball, {
        type,
        compilerOptions: { module: 'nodenext', isolatedModules: true },
        dependencies: { ...PACKAGES, ...Object.fromEntries(ofNest) },
        sources: { ...sources, 'tsconfig.test.json': JSON.stringify(TSCONFIG_OF_TESTS) },
      });
    }, 10 * MINUTES);

    afterAll(() => consumer?.remove(), MINUTES);

    /** Runs a program of the application. @returns the report that it printed. */
    const report = async (...command: string[]) =>
      JSON.parse(await run('npx', ['--no-install', ...command], consumer.folder)) as object;

    it(
      'compiles',
      async () => {
        expect(await run('npx', ['--no-install', 'tsc', '-p', 'tsconfig.test.json'], consumer.folder)).toBe('');
      },
      2 * MINUTES,
    );

    it(
      'passes with Jest and the configuration of the README',
      async () => {
        expect(await report('jest', '--json')).toMatchObject({ success: true, numPassedTests: 1, numTotalTests: 1 });
      },
      2 * MINUTES,
    );

    it(
      'passes with Vitest and no configuration',
      async () => {
        await writeFile(join(consumer.folder, TEST), blocks[TEST]!.replace("'@jest/globals'", "'vitest'"));
        const result = await report('vitest', 'run', '--reporter=json');
        expect(result).toMatchObject({ success: true, numPassedTests: 1, numTotalTests: 1 });
      },
      2 * MINUTES,
    );

    it('gives a test that has only a client no Nest to load', async () => {
      const script = `
        new (require('nestjs-sse-views/testing').SseClient)('http://127.0.0.1:9', { reconnect: false }).close();
        console.log(JSON.stringify(Object.keys(require.cache)));
      `;
      const loaded = JSON.parse(await run(process.execPath, ['-e', script], consumer.folder)) as string[];
      expect(loaded.some((file) => file.endsWith('sse-client.js'))).toBe(true);
      expect(loaded.filter((file) => file.includes('@nestjs') || file.endsWith('sse.module.js'))).toEqual([]);
    });
  });
});
