/** A stream in a document, and how a client of it is called. */
export interface DocumentedStream {
  /** `PricesView_events`. */
  readonly operationId: string;
  /** The data's own type, as an expression of TypeScript. */
  readonly data: string;
}

/** A generator of clients, as its users run it. */
export interface Generator {
  readonly name: string;
  /** The commands, each as the arguments of `node`, that make the clients of these documents. */
  commands(documents: readonly string[]): string[][];
  /** What a file beside the clients of a document imports. */
  readonly imports: string;
  /** The type that a client gives to the data of a stream, as expressions of TypeScript. */
  dataOf(operationId: string): string[];
  /** What it gives where a document has `itemSchema` alone, or `undefined` where it leaves the response out. */
  readonly withoutSchema: 'unknown' | 'any' | undefined;
}

const BIN = 'node_modules';

export const GENERATORS: readonly Generator[] = [
  {
    name: 'hey-api',
    commands: () => [[`${BIN}/@hey-api/openapi-ts/bin/run.js`, '-f', 'openapi-ts.config.mjs']],
    imports: "import type * as hey from './hey-api';",
    dataOf: (id) => [`hey.${capitalized(camelCase(id))}Responses[200]`, `Streamed<typeof hey.${camelCase(id)}>`],
    withoutSchema: 'unknown',
  },
  {
    name: 'openapi-typescript',
    commands: (documents) =>
      documents.map((document) => [
        `${BIN}/openapi-typescript/bin/cli.js`,
        `documents/${document}.json`,
        '-o',
        `clients/${document}/openapi-typescript/types.ts`,
      ]),
    imports: "import type { operations } from './openapi-typescript/types';",
    dataOf: (id) => [`operations['${id}']['responses'][200]['content']['text/event-stream']`],
    withoutSchema: 'unknown',
  },
  {
    name: 'orval',
    commands: () => [[`${BIN}/orval/dist/bin/orval.mjs`, '--config', 'orval.config.mjs']],
    imports: "import type * as orval from './orval/client';",
    dataOf: (id) => [`orval.${camelCase(id)}Response200['data']`],
    withoutSchema: undefined,
  },
  {
    name: 'kubb',
    commands: () => [[`${BIN}/@kubb/cli/bin/kubb.cjs`, 'generate', '--config', 'kubb.config.mjs']],
    imports: "import type * as kubb from './kubb/types';",
    dataOf: (id) => [`kubb.${capitalized(camelCase(id))}200`],
    withoutSchema: 'any',
  },
];

function camelCase(operationId: string): string {
  const [first = '', ...others] = operationId.split('_');
  return first[0]!.toLowerCase() + first.slice(1) + others.map(capitalized).join('');
}

function capitalized(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
