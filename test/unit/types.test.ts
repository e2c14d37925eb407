import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';

const ROOT = join(__dirname, '../..');
const FOLDER = join(ROOT, 'test/types');

const compilerOptions = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(ROOT, 'tsconfig.json'), (file) => readFileSync(file, 'utf8')).config,
  ts.sys,
  ROOT,
).options;

/** What the compiler says of these files: an error that was expected and is none counts as one. */
function diagnosticsOf(files: readonly string[]): string[] {
  const program = ts.createProgram(files, compilerOptions);
  return files
    .map((file) => program.getSourceFile(file)!)
    .flatMap((source) => [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)])
    .map(({ file, start, messageText }) => {
      const line = file!.getLineAndCharacterOfPosition(start!).line + 1;
      return `${file!.fileName.split('/').at(-1)}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
}

describe('the types of the library', () => {
  const files = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(FOLDER, file));

  it('let right yields, options and members compile, and each marked one not', () => {
    expect(files.length).toBeGreaterThanOrEqual(4);
    const marked = files.map((file) => readFileSync(file, 'utf8').split('@ts-expect-error ').length - 1);
    expect(Math.min(...marked)).toBeGreaterThan(5);
    expect(diagnosticsOf(files)).toEqual([]);
  }, 60_000);
});
