import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';

const SOURCE = join(__dirname, '../../src');

/** The optional properties of a file's exported types that do not accept `undefined`. */
function strictProperties(name: string, text: string): string[] {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isBlock(node)) {
      return;
    }
    const isProperty = ts.isPropertySignature(node) || ts.isPropertyDeclaration(node);
    if (isProperty && node.questionToken && node.type && !isPrivate(node) && !acceptsUndefined(node.type)) {
      found.push(`${name}: ${node.name.getText()}`);
    }
    ts.forEachChild(node, visit);
  };
  source.statements.filter(isExported).forEach(visit);
  return found;
}

function isExported(node: ts.Statement): boolean {
  return (
    (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isClassDeclaration(node)) &&
    (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Export) !== 0
  );
}

function isPrivate(node: ts.PropertySignature | ts.PropertyDeclaration): boolean {
  return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0;
}

function acceptsUndefined(type: ts.TypeNode): boolean {
  const accepting = [ts.SyntaxKind.UndefinedKeyword, ts.SyntaxKind.UnknownKeyword, ts.SyntaxKind.NeverKeyword];
  return (ts.isUnionTypeNode(type) ? [...type.types] : [type]).some(({ kind }) => accepting.includes(kind));
}

describe('An optional property of an exported type', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.includes('panel/'),
  );

  it('accepts undefined, also where the compiler tells it from a missing one', () => {
    expect(files.length).toBeGreaterThan(100);
    const found = files.flatMap((file) => strictProperties(file, readFileSync(join(SOURCE, file), 'utf8')));
    expect(found).toEqual([]);
  });

  it('is found where it does not', () => {
    const text = `
      export interface A { a?: string; readonly b?: () => void; c?: string | undefined; d?: unknown; e: string }
      export type B = { f?: number } & { g: { h?: boolean } };
      interface Own { i?: string }
      export class C { private j?: string; k?: string; m(): void { let n: { o?: string }; } }
    `;
    expect(strictProperties('x.ts', text)).toEqual(['x.ts: a', 'x.ts: b', 'x.ts: f', 'x.ts: h', 'x.ts: k']);
  });
});
