import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { posix } from 'node:path';
import * as ts from 'typescript';
import { importsOf } from '../support/source-imports';

const ROOT = join(__dirname, '../..');

/** The layers, each of which may import those before it and itself. A new folder needs a place here. */
const LAYERS = [
  'event',
  'validation',
  'stream',
  'channel',
  'redis',
  'postgres',
  'config',
  'view',
  'swagger-ui',
  'sse.module',
  'testing',
  'index',
];

/** Folders that the package exports as a whole; their index may gather names, as that of `src` does. */
const SUBPATHS = ['postgres', 'redis', 'testing'];

/** Packages that an application may do without. */
const OPTIONAL_PACKAGES = [
  '@electric-sql/pglite',
  '@nestjs/swagger',
  'class-transformer',
  'class-validator',
  'pg',
  'redis',
];

const INDEXES = ['index.ts', ...SUBPATHS.map((folder) => `${folder}/index.ts`)];

/** Source texts by their path in `src`. */
type Sources = ReadonlyMap<string, string>;

interface Edge {
  readonly from: string;
  readonly to: string;
}

const layerOf = (file: string): string => file.split('/')[0]!.replace(/\.ts$/, '');

const isOptional = (specifier: string): boolean =>
  OPTIONAL_PACKAGES.some((name) => specifier === name || specifier.startsWith(`${name}/`));

/** The imports between source files; an import that leads to none of them ends in `?`. */
function edgesOf(sources: Sources): Edge[] {
  return [...sources].flatMap(([from, text]) =>
    importsOf(from, text)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier }) => {
        const target = posix.join(posix.dirname(from), specifier).replace(/\.js$/, '');
        const to = [`${target}.ts`, `${target}/index.ts`].find((file) => sources.has(file));
        return { from, to: to ?? `${target}?` };
      }),
  );
}

const show = ({ from, to }: Edge): string => `${from} imports ${to}`;

function upwardImports(sources: Sources): string[] {
  return edgesOf(sources)
    .filter(({ from, to }) => LAYERS.indexOf(layerOf(to)) > LAYERS.indexOf(layerOf(from)))
    .map(show);
}

function unknownLayers(sources: Sources): string[] {
  return [...sources.keys()].filter((file) => !LAYERS.includes(layerOf(file)));
}

function barrelImports(sources: Sources): string[] {
  return edgesOf(sources)
    .filter(({ to }) => /(^|\/)index\.ts$/.test(to) || to.endsWith('?'))
    .map(show);
}

function cycles(sources: Sources): string[] {
  const edges = edgesOf(sources);
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      found.push([...path.slice(at), file].join(' → '));
    } else if (!done.has(file)) {
      edges.filter(({ from }) => from === file).forEach(({ to }) => walk(to, [...path, file]));
      done.add(file);
    }
  };
  [...sources.keys()].forEach((file) => walk(file, []));
  return found;
}

function reExports(sources: Sources): string[] {
  return [...sources].flatMap(([file, text]) =>
    importsOf(file, text)
      .filter(({ isReExport }) => isReExport && !INDEXES.includes(file))
      .map(({ specifier }) => `${file} re-exports ${specifier}`),
  );
}

function eagerOptionalPackages(sources: Sources): string[] {
  return [...sources].flatMap(([file, text]) =>
    importsOf(file, text)
      .filter(({ specifier, isTypeOnly, isTopLevel }) => isOptional(specifier) && isTopLevel && !isTypeOnly)
      .map(({ specifier }) => `${file} loads ${specifier}`),
  );
}

function readSources(): Sources {
  const src = join(ROOT, 'src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return new Map(files.map((file) => [file.replaceAll('\\', '/'), readFileSync(join(src, file), 'utf8')]));
}

/** The declarations that the package would be published with, by their path in `dist`. */
function emitDeclarations(): Map<string, string> {
  const configFile = join(ROOT, 'tsconfig.build.json');
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(configFile, (file) => readFileSync(file, 'utf8')).config,
    ts.sys,
    ROOT,
  );
  const outDir = join(ROOT, 'dist');
  const program = ts.createProgram(
    INDEXES.map((index) => join(ROOT, 'src', index)),
    {
      ...options,
      outDir,
      emitDeclarationOnly: true,
      sourceMap: false,
      inlineSources: false,
    },
  );
  const declarations = new Map<string, string>();
  program.emit(undefined, (file, text) => {
    declarations.set(relative(outDir, file).replaceAll('\\', '/'), text);
  });
  return declarations;
}

describe('the layers of src', () => {
  const sources = readSources();

  it('are all known', () => {
    expect(sources.size).toBeGreaterThan(20);
    expect(unknownLayers(sources)).toEqual([]);
  });

  it(`import one way: ${LAYERS.join(' ← ')}`, () => {
    expect(edgesOf(sources).length).toBeGreaterThan(50);
    expect(upwardImports(sources)).toEqual([]);
  });

  it('have no cycle of files', () => {
    expect(cycles(sources)).toEqual([]);
  });

  it('import files, never the index of a folder', () => {
    expect(barrelImports(sources)).toEqual([]);
  });

  it('export each name where it is declared; only the index of the package and of a subpath gathers them', () => {
    expect(reExports(sources)).toEqual([]);
  });

  it('load an optional package only where it is used', () => {
    expect(eagerOptionalPackages(sources)).toEqual([]);
  });
});

describe('the published declarations', () => {
  it('need no optional package', () => {
    const declarations = emitDeclarations();
    const reached = new Set<string>();
    const needed: string[] = [];
    const walk = (file: string): void => {
      const text = declarations.get(file);
      if (reached.has(file) || text === undefined) {
        return;
      }
      reached.add(file);
      for (const { specifier } of importsOf(file, text)) {
        if (isOptional(specifier)) {
          needed.push(`${file} needs ${specifier}`);
        } else if (specifier.startsWith('.')) {
          walk(`${posix.join(dirname(file), specifier)}.d.ts`);
        }
      }
    };
    INDEXES.forEach((index) => walk(index.replace(/\.ts$/, '.d.ts')));
    expect([...reached]).toEqual(
      expect.arrayContaining(['index.d.ts', 'config/options.d.ts', 'event/sse-event.d.ts', 'testing/index.d.ts']),
    );
    expect(needed).toEqual([]);
  }, 30_000);
});

describe('the check of the layers', () => {
  const of = (files: Record<string, string>): Sources => new Map(Object.entries(files));

  it.each([
    ["import { a } from '../view/a';", 'event/b.ts imports view/a.ts'],
    ["import type { a } from '../view/a';", 'event/b.ts imports view/a.ts'],
    ["const a = () => require('../view/a');", 'event/b.ts imports view/a.ts'],
    ["let a: typeof import('../view/a');", 'event/b.ts imports view/a.ts'],
    ["const a = import('../view/a.js');", 'event/b.ts imports view/a.ts'],
  ])('finds the upward import in %j', (text, found) => {
    expect(upwardImports(of({ 'view/a.ts': '', 'event/b.ts': text }))).toEqual([found]);
  });

  it('lets a layer import itself and those before it', () => {
    const files = {
      'view/a.ts': "import '../event/b'; import './openapi/c';",
      'event/b.ts': '',
      'view/openapi/c.ts': '',
    };
    expect(upwardImports(of(files))).toEqual([]);
  });

  it('finds a folder and a file that have no place', () => {
    expect(unknownLayers(of({ 'utils/a.ts': '', 'helpers.ts': '', 'event/a.ts': '' }))).toEqual([
      'utils/a.ts',
      'helpers.ts',
    ]);
  });

  it('finds a cycle, of types, too', () => {
    const files = {
      'event/a.ts': "import './b';",
      'event/b.ts': "import type { c } from './c';",
      'event/c.ts': "export const c = () => require('./a');",
      'event/d.ts': "import './a';",
    };
    expect(cycles(of(files))).toEqual(['event/a.ts → event/b.ts → event/c.ts → event/a.ts']);
  });

  it.each(["import '../event';", "import '../event/index';", "import { x } from '../nowhere';"])(
    'finds the import of no file in %j',
    (text) => {
      expect(barrelImports(of({ 'view/a.ts': text, 'event/index.ts': '' }))).toHaveLength(1);
    },
  );

  it.each([
    "export { b } from './b';",
    "export * from './b';",
    "export type { b } from './b';",
    "import { b } from './b'; export { b };",
    "import { b as c } from './b'; export { c as d };",
  ])('finds the re-export in %j', (text) => {
    expect(reExports(of({ 'event/a.ts': text, 'index.ts': text, 'testing/index.ts': text }))).toEqual([
      'event/a.ts re-exports ./b',
    ]);
  });

  it.each([
    ["import { IsString } from 'class-validator';", 1],
    ["import 'class-transformer/cjs/storage';", 1],
    ["import { type OpenAPIObject } from '@nestjs/swagger';", 1],
    ["const swagger = require('@nestjs/swagger');", 1],
    ["import swagger = require('@nestjs/swagger');", 1],
    ["import type { OpenAPIObject } from '@nestjs/swagger';", 0],
    ["const load = () => require('@nestjs/swagger') as typeof import('@nestjs/swagger');", 0],
    ["async function load() { return import('class-validator'); }", 0],
  ])('counts in %j the optional packages that are loaded at once: %i', (text, count) => {
    expect(eagerOptionalPackages(of({ 'event/a.ts': text }))).toHaveLength(count);
  });
});
