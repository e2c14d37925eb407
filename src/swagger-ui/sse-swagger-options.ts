import { SseConfigurationError } from '../event/sse.error';
import { PANEL_CODE, PANEL_CSS } from './panel-source';

/** Options of `sseSwaggerOptions()`, beside those of `SwaggerModule.setup()`. */
export interface SseSwaggerOptions {
  /**
   * How many streams may be open at once; one more stops the oldest. Browsers allow six connections to a host over
   * HTTP/1.1, for all tabs together. A whole number from 1.
   *
   * @default 1
   */
  concurrentStreams?: number | undefined;
  /** Options of Swagger UI itself. Its `plugins`, functions or objects, stay in force. */
  swaggerOptions?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The last argument of `SwaggerModule.setup()`: with it, "Execute" in Swagger UI shows the events of a stream as they
 * arrive, with Stop and Resume. Everything else on the page stays as it is.
 *
 * The page needs nothing more in a Content-Security-Policy than Swagger UI does: its scripts pass `script-src 'self'`.
 *
 * @param options those of `SwaggerModule.setup()`, and how many streams may be open at once.
 * @returns the same options, with the plugins that the page needs.
 * @throws SseConfigurationError when `concurrentStreams` is not a whole number from 1.
 *
 * @example
 * ```ts
 * SwaggerModule.setup('docs', app, document, sseSwaggerOptions());
 * SwaggerModule.setup('docs', app, document, sseSwaggerOptions({ customSiteTitle: 'My API', swaggerOptions: { persistAuthorization: true } }));
 * ```
 */
export function sseSwaggerOptions<T extends object = object>(options?: T & SseSwaggerOptions): T {
  const { concurrentStreams = 1, swaggerOptions = {}, ...others }: SseSwaggerOptions = options ?? {};
  if (!Number.isSafeInteger(concurrentStreams) || concurrentStreams < 1) {
    throw new SseConfigurationError(
      `concurrentStreams of sseSwaggerOptions() must be a whole number from 1, not ${String(concurrentStreams)}`,
    );
  }
  const { plugins = [] } = swaggerOptions;
  return {
    ...others,
    swaggerOptions: {
      ...swaggerOptions,
      // The panel stands before the user's plugins: it then takes over the `userFetch` that one of them sets.
      plugins: [fromText(DOWNLOAD_URL), fromText(panelPlugin(concurrentStreams)), ...[plugins].flat()],
    },
  } as unknown as T;
}

/** The plugin of Nest's own page, which an option `plugins` takes the place of. */
const DOWNLOAD_URL = 'function (system) { return SwaggerUIBundle.plugins.DownloadUrl(system); }';

function panelPlugin(concurrentStreams: number): string {
  const options = `{ concurrentStreams: ${concurrentStreams}, css: ${JSON.stringify(PANEL_CSS)} }`;
  return `function (system) {\n'use strict';\n${PANEL_CODE}\nreturn createPlugin(system, ${options});\n}`;
}

/**
 * A function for the page. `SwaggerModule` writes functions into a script by their `toString()`, and compilers change what
 * that gives: they minify, count coverage, call helpers that the page does not have. A text stays as it is.
 */
function fromText(text: string): () => never {
  return Object.defineProperty(
    (): never => {
      throw new Error('This plugin runs in Swagger UI only');
    },
    'toString',
    { value: () => text },
  );
}
