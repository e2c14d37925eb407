// Writes the panel as one text into panel-source.ts: `node src/swagger-ui/embed-panel.js` after each change in `panel`.
// Swagger UI gets it as a text that no compiler of an application has touched.
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const ts = require('typescript');

const PANEL = join(__dirname, 'panel');
const TARGET = join(__dirname, 'panel-source.ts');

/** The modules that the entry needs, each after those it imports. */
function inOrder(name, found = new Map()) {
  if (!found.has(name)) {
    const { outputText } = ts.transpileModule(readFileSync(join(PANEL, `${name}.ts`), 'utf8'), {
      compilerOptions: { target: 'es2022', module: 'esnext', removeComments: true, verbatimModuleSyntax: true },
    });
    found.set(name, undefined);
    for (const [, dependency] of outputText.matchAll(/^import .* from '\.\/(.*)';$/gm)) {
      inOrder(dependency, found);
    }
    found.delete(name);
    found.set(name, outputText);
  }
  return found;
}

/** One scope for all modules, in which a name may stand for one thing only. */
function link(modules) {
  const code = [...modules.values()]
    .join('\n')
    .replaceAll(/^import .*;\n/gm, '')
    .replaceAll(/^export \{\};\n/gm, '')
    .replaceAll(/^export /gm, '');
  const names = [...code.matchAll(/^(?:async )?(?:function|class|const|let) (\w+)/gm)].map(([, name]) => name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) {
    throw new Error(`Names that two files of the panel use: ${twice.join(', ')}`);
  }
  return code;
}

/** Escapes what is not ASCII: in a page of any encoding, it is read right. */
function toAscii(text) {
  return text.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function toTemplate(text) {
  return text.replaceAll(/[\\`]|\$\{/g, (match) => `\\${match}`);
}

/** The text of panel-source.ts as it should be. */
function panelSource() {
  const code = toAscii(link(inOrder('plugin')));
  const css = toAscii(readFileSync(join(PANEL, 'panel.css'), 'utf8'));
  return `// Written by embed-panel.js from the files in \`panel\`; change those.

/** The functions of the panel, in plain JavaScript. */
export const PANEL_CODE = \`
${toTemplate(code)}\`;

/** The rules for its look. */
export const PANEL_CSS = \`
${toTemplate(css)}\`;
`;
}

module.exports = { panelSource, TARGET };

if (require.main === module) {
  writeFileSync(TARGET, panelSource());
}
