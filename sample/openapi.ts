import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { dump } from 'js-yaml';
import { setupSseDocs } from 'nestjs-sse-views';
import { parseArgs } from 'node:util';
import 'reflect-metadata';
import { AppModule } from './app.module';
import { documentConfig } from './document-config';

const VERSIONS = ['3.0', '3.1', '3.2'];

const USAGE = `Prints the OpenAPI document of the samples. Nothing is started.

  npm run -s openapi -- [options]

  --version 3.0|3.1|3.2  version of OpenAPI (3.1)
  --item-schema-only     with 3.2: describe streams by itemSchema alone, without the schema of their data
  --yaml                 as YAML, not as JSON
  --help                 print this
`;

class UsageError extends Error {}

interface Arguments {
  readonly version: string;
  readonly itemSchemaOnly: boolean;
  readonly yaml: boolean;
  readonly help: boolean;
}

/** Warnings go to the other stream, so that the document can be piped. */
const logger: LoggerService = {
  log: () => undefined,
  warn: (message: unknown) => console.error(message),
  error: (message: unknown) => console.error(message),
};

export async function main(args: string[]): Promise<void> {
  try {
    const given = readArguments(args);
    process.stdout.write(given.help ? USAGE : print(await createDocument(given), given));
  } catch (error) {
    if (!(error instanceof UsageError)) {
      throw error;
    }
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
  }
}

function readArguments(args: string[]): Arguments {
  const { version, ...values } = parsed(args);
  if (!VERSIONS.includes(version)) {
    throw new UsageError(`--version must be one of ${VERSIONS.join(', ')}, not ${version}`);
  }
  if (values['item-schema-only'] && version !== '3.2') {
    throw new UsageError('--item-schema-only needs --version 3.2: OpenAPI has itemSchema from 3.2 on');
  }
  return { ...values, version, itemSchemaOnly: values['item-schema-only'] };
}

function parsed(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        version: { type: 'string', default: '3.1' },
        'item-schema-only': { type: 'boolean', default: false },
        yaml: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** With `preview`, Nest reads the decorators and creates no controller and no provider: nothing connects to anything. */
async function createDocument({ version, itemSchemaOnly }: Arguments): Promise<OpenAPIObject> {
  const app = await NestFactory.create(AppModule, { preview: true, logger: false, abortOnError: false });
  // Only now: Nest itself has a long word to say of the preview.
  app.useLogger(logger);
  return setupSseDocs(SwaggerModule.createDocument(app, documentConfig(`${version}.0`)), { itemSchemaOnly });
}

function print(document: OpenAPIObject, { yaml }: Arguments): string {
  // What is undefined is not there.
  const plain = JSON.parse(JSON.stringify(document)) as object;
  return yaml ? dump(plain, { lineWidth: -1 }) : `${JSON.stringify(plain, null, 2)}\n`;
}

if (require.main === module) {
  void main(process.argv.slice(2));
}
