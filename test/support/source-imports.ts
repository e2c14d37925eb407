import * as ts from 'typescript';

/** One place where a source file names another module. */
export interface SourceImport {
  readonly specifier: string;
  /** Erased by the compiler: `import type`, `export type … from`, or `import('…')` as a type. */
  readonly isTypeOnly: boolean;
  /** `export … from`, or an imported name that is exported again. */
  readonly isReExport: boolean;
  /** Evaluated when the file is loaded, not within a function. */
  readonly isTopLevel: boolean;
}

/** Every module that a TypeScript file names, in whatever syntax. */
export function importsOf(fileName: string, text: string): SourceImport[] {
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.ES2022, true);
  const found: SourceImport[] = [];
  const importedFrom = new Map<string, string>();
  const add = (specifier: ts.Node | undefined, flags: Partial<SourceImport> = {}): void => {
    if (specifier && ts.isStringLiteralLike(specifier)) {
      const defaults = { isTypeOnly: false, isReExport: false, isTopLevel: true };
      found.push({ specifier: specifier.text, ...defaults, ...flags });
    }
  };

  const visit = (node: ts.Node, isTopLevel: boolean): void => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      add(node.moduleSpecifier, { isTypeOnly: clause?.phaseModifier === ts.SyntaxKind.TypeKeyword });
      for (const name of namesOf(clause)) {
        importedFrom.set(name, (node.moduleSpecifier as ts.StringLiteral).text);
      }
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, { isTypeOnly: node.isTypeOnly, isReExport: true });
    } else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node.moduleReference.expression, { isTypeOnly: node.isTypeOnly });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, { isTypeOnly: true, isTopLevel });
    } else if (ts.isCallExpression(node) && isRequireOrImport(node.expression)) {
      add(node.arguments[0], { isTopLevel });
    }
    node.forEachChild((child) => visit(child, isTopLevel && !ts.isFunctionLike(node)));
  };
  visit(source, true);

  for (const statement of source.statements) {
    if (ts.isExportDeclaration(statement) && !statement.moduleSpecifier && statement.exportClause) {
      for (const { name, propertyName } of (statement.exportClause as ts.NamedExports).elements) {
        const specifier = importedFrom.get((propertyName ?? name).text);
        if (specifier !== undefined) {
          found.push({ specifier, isTypeOnly: statement.isTypeOnly, isReExport: true, isTopLevel: true });
        }
      }
    }
  }
  return found;
}

function isRequireOrImport(expression: ts.Expression): boolean {
  return (
    expression.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(expression) && expression.text.startsWith('require'))
  );
}

function namesOf(clause: ts.ImportClause | undefined): string[] {
  const bindings = clause?.namedBindings;
  const named = bindings === undefined ? [] : ts.isNamespaceImport(bindings) ? [bindings] : [...bindings.elements];
  return [clause?.name, ...named.map(({ name }) => name)].flatMap((name) => (name ? [name.text] : []));
}
