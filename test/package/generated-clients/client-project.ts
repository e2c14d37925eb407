import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT } from '../packed-library';
import { run } from '../run';
import { removeFolder, temporaryFolder } from '../temporary-folder';
import { GENERATORS, type DocumentedStream, type Generator } from './generators';

/** A document whose clients are generated, and the streams in it. */
export interface DocumentToTry {
  /** Name of its file and of the folder of its clients. */
  readonly name: string;
  readonly document: object;
  readonly streams: readonly DocumentedStream[];
  /** Whether it has `itemSchema` alone. */
  readonly itemSchemaOnly?: boolean;
}

const FIXTURES = [
  'package.json',
  'package-lock.json',
  'openapi-ts.config.mjs',
  'orval.config.mjs',
  'kubb.config.mjs',
  'assert-types.ts',
];

/** How strictly clients and assertions are compiled: as by a new project of the compiler, and for browsers and Node. */
const COMPILER_OPTIONS = {
  target: 'es2022',
  lib: ['es2023', 'es2024.string', 'dom', 'dom.iterable', 'dom.asynciterable'],
  module: 'commonjs',
  moduleResolution: 'node10',
  strict: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  experimentalDecorators: true,
  skipLibCheck: true,
  types: ['node'],
  typeRoots: [join(PROJECT, 'node_modules/@types')],
};

/** A project outside the repository in which the generators are installed, each with its exact version. */
export class ClientProject {
  private constructor(readonly folder: string) {}

  /** Installs the generators. */
  static async create(): Promise<ClientProject> {
    const project = new ClientProject(await temporaryFolder('clients'));
    try {
      for (const file of FIXTURES) {
        await cp(join(__dirname, file), join(project.folder, file));
      }
      await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], project.folder);
    } catch (error) {
      await project.remove();
      throw error;
    }
    return project;
  }

  /** Generates the clients of all documents. */
  async generate(documents: readonly DocumentToTry[]): Promise<void> {
    await mkdir(join(this.folder, 'documents'));
    for (const { name, document } of documents) {
      await mkdir(join(this.folder, 'clients', name), { recursive: true });
      await this.write(`documents/${name}.json`, JSON.stringify(document));
    }
    for (const generator of GENERATORS) {
      for (const command of generator.commands(documents.map(({ name }) => name))) {
        await run(process.execPath, command, this.folder);
      }
    }
  }

  /**
   * Compiles, beside each client, a file that asserts the types of the client's streams.
   *
   * @returns what the compiler finds, by line: `clients/<document>/...`.
   */
  async findings(documents: readonly DocumentToTry[]): Promise<string[]> {
    for (const document of documents) {
      for (const generator of GENERATORS) {
        await this.write(assertionsFile(document, generator), assertions(document, generator));
      }
    }
    await this.write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ['clients'] }));
    try {
      await this.compile('--noEmit');
      return [];
    } catch (error) {
      const found = (error as Error).message.split('\n').filter((line) => line.includes('error TS'));
      if (found.length === 0) {
        throw error;
      }
      return found;
    }
  }

  /** Compiles a file of this folder beside the clients of some documents, which it imports. */
  async compileBeside(documents: readonly string[], file: string): Promise<void> {
    const source = await readFile(join(__dirname, file), 'utf8');
    const files = documents.map((document) => `clients/${document}/${file}`);
    for (const path of files) {
      await this.write(path, source.replace(/^\/\/ @ts-nocheck.*\n/, ''));
    }
    const compilerOptions = { ...COMPILER_OPTIONS, rootDir: 'clients', outDir: 'dist' };
    await this.write('tsconfig.run.json', JSON.stringify({ compilerOptions, files }));
    await this.compile('-p', 'tsconfig.run.json');
  }

  /** Where the compiled file beside a document's clients is. */
  compiled(document: string, file: string): string {
    return join(this.folder, 'dist', document, file.replace('.ts', '.js'));
  }

  /** The text of a generated file. */
  read(path: string): Promise<string> {
    return readFile(join(this.folder, path), 'utf8');
  }

  remove(): Promise<void> {
    return removeFolder(this.folder);
  }

  private compile(...options: string[]): Promise<string> {
    return run(process.execPath, ['node_modules/typescript/bin/tsc', '--pretty', 'false', ...options], this.folder);
  }

  private write(path: string, text: string): Promise<void> {
    return writeFile(join(this.folder, path), text);
  }
}

/** The file with the assertions of a generator's types. */
export function assertionsFile(document: DocumentToTry, { name }: Generator): string {
  return `clients/${document.name}/${name}.types.ts`;
}

function assertions({ streams, itemSchemaOnly }: DocumentToTry, generator: Generator): string {
  const lines = streams.flatMap(({ operationId, data }) =>
    generator.dataOf(operationId).map((type, i) => {
      const expected = itemSchemaOnly ? generator.withoutSchema : `Plain<${data}>`;
      const actual = itemSchemaOnly ? type : `Plain<${type}>`;
      return [
        `export type ${operationId}_${i} = Expect<Equal<${actual}, ${expected}>>;`,
        '// @ts-expect-error: another type is found out.',
        `export type ${operationId}_${i}_other = Expect<Equal<${actual}, { another: 'type' }>>;`,
      ].join('\n');
    }),
  );
  const isLeftOut = itemSchemaOnly && generator.withoutSchema === undefined;
  const imports = [generator.imports, "import type { Equal, Expect, Plain, Streamed } from '../../assert-types';"];
  return [...imports, ...(isLeftOut ? [] : lines), ''].join('\n');
}
