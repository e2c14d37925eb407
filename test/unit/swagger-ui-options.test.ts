import type { INestApplication } from '@nestjs/common';
import { SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { SseConfigurationError } from '../../src/event/sse.error';
import { sseSwaggerOptions } from '../../src/swagger-ui/sse-swagger-options';
import { closeApps, startApp } from '../support/app';

interface Embedding {
  panelSource(): string;
  readonly TARGET: string;
}

const { panelSource, TARGET } = jest.requireActual<Embedding>('../../src/swagger-ui/embed-panel.js');
const document: OpenAPIObject = { openapi: '3.0.0', info: { title: 'x', version: '1' }, paths: {} };

/** Runs the script that SwaggerModule serves, and gives what it calls SwaggerUIBundle with. */
async function optionsInPage(options: object): Promise<{ plugins: unknown[] } & Record<string, unknown>> {
  const { url } = await startApp('express', {
    sse: null,
    prepare: (app) => SwaggerModule.setup('docs', app, document, options),
  });
  const script = await (await fetch(`${url}/docs/swagger-ui-init.js`)).text();
  const given: { plugins: unknown[] }[] = [];
  const bundle = Object.assign((value: { plugins: unknown[] }) => given.push(value), {
    presets: {},
    plugins: { DownloadUrl: (system: object) => ({ downloads: system }) },
  });
  const window: { onload?: () => void; location: object } = { location: { search: '', origin: 'http://x' } };
  runInNewContext(script, {
    window,
    SwaggerUIBundle: bundle,
    SwaggerUIStandalonePreset: {},
  });
  window.onload!();
  return given[0] as { plugins: unknown[] } & Record<string, unknown>;
}

describe('sseSwaggerOptions', () => {
  afterEach(closeApps);

  it('has the panel as its files say: run "node src/swagger-ui/embed-panel.js" after a change of them', () => {
    expect(readFileSync(TARGET, 'utf8')).toBe(panelSource());
  });

  it('brings the plugins into the page, with the one that the page has of its own', async () => {
    const [downloadUrl, panel] = (await optionsInPage(sseSwaggerOptions())).plugins as ((system: object) => unknown)[];
    const system = { React: { createElement: () => null, memo: (component: unknown) => component } };
    expect(downloadUrl!(system)).toEqual({ downloads: system });
    expect(panel!(system)).toEqual({
      statePlugins: {
        spec: {
          wrapActions: {
            executeRequest: expect.any(Function),
            setResponse: expect.any(Function),
            clearResponse: expect.any(Function),
          },
        },
      },
      wrapComponents: { responseBody: expect.any(Function), operation: expect.any(Function) },
    });
  });

  it('writes the panel in characters that every encoding reads alike', () => {
    const { swaggerOptions } = sseSwaggerOptions<{ swaggerOptions?: { plugins: unknown[] } }>();
    expect(String(swaggerOptions!.plugins[1])).toMatch(/^[\0-\x7f]+$/);
  });

  it("keeps the user's options and plugins, functions and objects", async () => {
    const own = { components: { logo: () => null } };
    const options = sseSwaggerOptions({
      customCss: 'a {}',
      explorer: true,
      swaggerOptions: {
        persistAuthorization: true,
        plugins: [() => ({ fn: {} }), own],
        requestInterceptor: (request: object) => request,
      },
    });
    expect(options).toMatchObject({ customCss: 'a {}', explorer: true });
    const page = await optionsInPage(options);
    expect(page['persistAuthorization']).toBe(true);
    expect(page['requestInterceptor']).toEqual(expect.any(Function));
    expect(page.plugins).toHaveLength(4);
    expect((page.plugins[2] as () => unknown)()).toEqual({ fn: {} });
    expect(page.plugins[3]).toEqual({ components: { logo: expect.any(Function) } });
  });

  it('takes one plugin without a list', async () => {
    const page = await optionsInPage(sseSwaggerOptions({ swaggerOptions: { plugins: { fn: {} } } }));
    expect(page.plugins).toHaveLength(3);
  });

  it('leaves the given options as they are', () => {
    const options = Object.freeze({ swaggerOptions: Object.freeze({ plugins: Object.freeze([{}]) }) });
    sseSwaggerOptions(options);
    expect(options.swaggerOptions.plugins).toHaveLength(1);
  });

  it('keeps its own option from the page', () => {
    expect(Object.keys(sseSwaggerOptions({ concurrentStreams: 3 }))).toEqual(['swaggerOptions']);
  });

  it.each([0, -1, 1.5, NaN, Infinity, '2', null])('rejects concurrentStreams %p', (concurrentStreams) => {
    expect(() => sseSwaggerOptions({ concurrentStreams: concurrentStreams as number })).toThrow(SseConfigurationError);
  });

  it('fits SwaggerModule.setup, and types the functions in it', () => {
    const setup = (app: INestApplication): void => {
      SwaggerModule.setup('docs', app, document, sseSwaggerOptions());
      SwaggerModule.setup(
        'docs',
        app,
        document,
        sseSwaggerOptions({
          concurrentStreams: 2,
          patchDocumentOnRequest: (_request, _response, given) => ({ ...given, openapi: '3.1.0' }),
        }),
      );
    };
    expect(setup).toBeInstanceOf(Function);
  });
});
