import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWithRegistry } from '../support/registry';
import { packLibrary } from './packed-library';
import { run } from './run';
import { removeFolder, temporaryFolder } from './temporary-folder';

/** The compilers that applications have, by the names under which they are installed side by side. */
const COMPILERS = { 'typescript-5.6': '5.6', 'typescript-5.9': '5.9', 'typescript-6': '6' };

/** How applications resolve modules. Nest 12 is ES modules: what requires them has to be allowed to. */
const MODULES = [
  ['commonjs', 'node10'],
  ['esnext', 'bundler'],
] as const;

describeWithRegistry('The published declarations', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await temporaryFolder('declarations');
    const tarball = await packLibrary(folder);
    const app = join(folder, 'app');
    await mkdir(join(app, 'src'), { recursive: true });
    await cp(join(__dirname, 'consumer', 'strict.ts'), join(app, 'src', 'strict.ts'));
    await writeFile(join(app, 'src', 'wrong.ts'), 'export const wrong: number = "text";\n');
    await writeFile(join(app, 'package.json'), JSON.stringify({ name: 'declarations', private: true }));
    const compilers = Object.entries(COMPILERS).map(([name, version]) => `${name}@npm:typescript@${version}`);
    const packages = ['@nestjs/common@12', '@nestjs/core@12', '@nestjs/swagger@12', 'rxjs@7', 'reflect-metadata@0.2'];
    const engines = ['redis@6', 'pg@8', '@electric-sql/pglite@0.5', '@types/node@20'];
    const options = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
    await run('npm', ['install', ...options, tarball, ...packages, ...engines, ...compilers], app);
  }, 600_000);

  afterAll(() => removeFolder(folder));

  describe.each(Object.keys(COMPILERS))('under %s', (compiler) => {
    it.each(MODULES)(
      'compile with every strict option, with %s modules',
      async (module, moduleResolution) => {
        const app = join(folder, 'app');
        const project = `tsconfig.${compiler}.${module}.json`;
        const compilerOptions = {
          target: 'es2022',
          lib: ['es2022'],
          module,
          moduleResolution,
          types: ['node'],
          strict: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          skipLibCheck: false,
          experimentalDecorators: true,
          emitDecoratorMetadata: true,
          noEmit: true,
          ...(compiler === 'typescript-6' && moduleResolution === 'node10' && { ignoreDeprecations: '6.0' }),
        };
        await writeFile(join(app, project), JSON.stringify({ compilerOptions, include: ['src'] }));
        const output = await run('node', [`node_modules/${compiler}/bin/tsc`, '-p', project], app).catch(String);
        // Other packages' declarations are theirs to mend.
        const ours = output.split('\n').filter((line) => /^(src|node_modules\/nestjs-sse-views)\//.test(line));
        // The compiler has looked: it found what is wrong on purpose, and nothing else.
        expect(ours).toEqual([expect.stringMatching(/^src\/wrong\.ts\(1,14\): error TS2322/)]);
      },
      300_000,
    );
  });
});
