import { Body, Controller, Get, type INestApplication, Module, RequestMethod, VersioningType } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiOkResponse,
  ApiProperty,
  DocumentBuilder,
  type OpenAPIObject,
  type SwaggerDocumentOptions,
  SwaggerModule,
} from '@nestjs/swagger';
import { Allow, IsNumber, IsString } from 'class-validator';
import { type EventsOf, ServerSentEvent, ServerSentEventsView, SseRoute } from 'nestjs-sse-views';
import { z } from 'zod';
import { setupSseDocs } from '../../src/view/openapi/setup-sse-docs';
import { ADAPTERS, closeApps, startApp } from '../support/app';
import { findingsOf, fitsIn, type OpenApiDocument } from '../support/openapi-validation';
import { parseEvents } from '../support/read-events';

afterEach(closeApps);

const STREAM = 'text/event-stream';

interface MediaType {
  readonly schema?: object;
  readonly itemSchema?: { readonly $ref?: string; readonly oneOf?: { readonly $ref: string }[] };
  readonly examples?: Record<string, { readonly value: string }>;
}

interface Operation {
  readonly responses: Record<string, { readonly content?: Record<string, MediaType> }>;
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** The items of a stream: its events, and those that tell how it ended. */
const itemsOf = (keyword: 'oneOf' | 'anyOf', ...names: string[]) => ({
  [keyword]: [...names, 'EndEvent', 'StreamErrorEvent'].map(ref),
});
const oneOf = (...names: string[]) => itemsOf('oneOf', ...names);
/** An event without a name may have any. */
const anyOf = (...names: string[]) => itemsOf('anyOf', ...names);

function createDocument(app: INestApplication, version = '3.2.0', options?: SwaggerDocumentOptions): OpenAPIObject {
  const config = new DocumentBuilder().setTitle('Streams').setOpenAPIVersion(version).build();
  return SwaggerModule.createDocument(app, config, options);
}

/** As it is served. */
function served(document: object): OpenApiDocument {
  return JSON.parse(JSON.stringify(document)) as OpenApiDocument;
}

function streamOf(document: object, path: string, method = 'get'): MediaType {
  const operation = served(document).paths[path]![method] as Operation;
  return operation.responses['200']!.content![STREAM]!;
}

function schemasOf(document: object): Readonly<Record<string, unknown>> {
  return served(document).components!.schemas!;
}

/** The envelope of an event with JSON data, as the documents shall show it. */
const envelope = (event: object, contentSchema?: object, required = ['event', 'data']) => ({
  type: 'object',
  required,
  properties: {
    event,
    data: { type: 'string', contentMediaType: 'application/json', ...(contentSchema && { contentSchema }) },
    id: { type: 'string' },
    retry: { type: 'integer', minimum: 0 },
  },
});
const named = (name: string, contentSchema: object) => envelope({ type: 'string', const: name }, contentSchema);
const unnamed = (contentSchema?: object) => envelope({ type: 'string' }, contentSchema, ['data']);

class Price {
  @IsString() symbol!: string;
  @IsNumber() price!: number;
}

class Trade {
  @IsNumber() amount!: number;
}

const Note = z.object({
  text: z.string().nullable(),
  tags: z.array(z.enum(['a', 'b']).nullable()),
  from: z.union([z.string(), z.object({ name: z.string() })]).nullable(),
});
const market = { price: Price, trade: Trade, 'order/note': Note };

@Controller('market')
class Market extends ServerSentEventsView<EventsOf<typeof market>> {
  static readonly responseSchema = market;

  async *events() {
    yield { event: 'trade' as const, data: { amount: 1 } };
  }

  @Get('latest')
  @ApiOkResponse({ type: Price })
  latest(): void {}
}

class Row {
  @Allow()
  @ApiProperty()
  name!: string;
}

@Controller('misc')
class Misc {
  @SseRoute('price', { responseSchema: Price })
  async *price() {
    yield { symbol: '', price: 1 };
  }

  @SseRoute('typed', { responseSchema: Trade, typedEvents: true })
  async *typed() {
    yield { amount: 1 };
  }

  @SseRoute('anything')
  async *anything() {
    yield 1;
  }

  @SseRoute('something')
  async *something() {
    yield 1;
  }

  @SseRoute('text', { format: 'text' })
  async *text() {
    yield 'line';
  }

  @SseRoute('words', { format: 'text', responseSchema: z.enum(['yes', 'no']) })
  async *words() {
    yield 'yes' as const;
  }

  @SseRoute('import', { method: RequestMethod.POST, responseSchema: Note })
  async *import(@Body() _row: Row) {
    yield { text: null, tags: [], from: null };
  }

  @ApiOkResponse({ description: 'Mine.', type: Price })
  @SseRoute('own', { responseSchema: Trade })
  async *own() {
    yield { amount: 1 };
  }
}

const everything = [Market, Misc];

describe.each(ADAPTERS)('setupSseDocs on %s', (adapter) => {
  const start = async (...controllers: (typeof Misc | typeof Market | (new () => object))[]) =>
    (await startApp(adapter, { controllers })).app;

  it.each([false, true])('gives valid OpenAPI 3.2, with itemSchemaOnly: %s', async (itemSchemaOnly) => {
    const document = setupSseDocs(createDocument(await start(...everything)), { itemSchemaOnly });
    expect(document.openapi).toBe('3.2.0');
    expect(await findingsOf(document)).toEqual([]);
    // A word of OpenAPI 3.0, which validators do not take amiss.
    expect(JSON.stringify(document)).not.toContain('nullable');
  });

  it('describes each event of a record by an envelope, and leaves the schema of the data beside it', async () => {
    const app = await start(...everything);
    const before = streamOf(createDocument(app), '/market');
    const document = setupSseDocs(createDocument(app));
    expect(streamOf(document, '/market')).toEqual({
      ...before,
      itemSchema: oneOf('PriceEvent', 'TradeEvent', 'OrderNoteEvent'),
    });
    expect(before.schema).toEqual({ oneOf: [ref('Price'), ref('Trade'), expect.objectContaining({ type: 'object' })] });
    expect(schemasOf(document)).toMatchObject({
      PriceEvent: named('price', ref('Price')),
      TradeEvent: named('trade', ref('Trade')),
      OrderNoteEvent: named('order/note', { type: 'object' }),
    });
    expect(schemasOf(document)['PriceEvent']).toEqual(named('price', ref('Price')));
  });

  it('describes how a stream ends, as the route ends it', async () => {
    @Controller('ends')
    class Ends {
      @SseRoute('stop', { responseSchema: Price })
      async *stop() {
        yield { symbol: '', price: 1 };
      }

      @SseRoute('reconnect', { responseSchema: { price: Price }, onEnd: 'reconnect', onError: 'stop' })
      async *reconnect() {
        yield { event: 'price' as const, data: { symbol: '', price: 1 } };
      }

      @SseRoute('nothing', { responseSchema: { price: Price }, onEnd: 'nothing', onError: () => undefined })
      async *nothing() {
        yield { event: 'price' as const, data: { symbol: '', price: 1 } };
      }

      @SseRoute('named', { responseSchema: { price: Price }, onEnd: { event: 'done', data: { rows: 1 } } })
      async *named() {
        yield { event: 'price' as const, data: { symbol: '', price: 1 } };
      }

      @SseRoute('raw', { responseSchema: { price: Price }, onEnd: { raw: '[DONE]' } })
      async *raw() {
        yield { event: 'price' as const, data: { symbol: '', price: 1 } };
      }
    }
    const { app, url } = await startApp(adapter, { controllers: [Ends] });
    const document = served(setupSseDocs(createDocument(app)));
    expect(await findingsOf(document)).toEqual([]);
    const itemSchemaOf = (path: string) => streamOf(document, `/ends/${path}`).itemSchema;
    expect(itemSchemaOf('stop')).toEqual(anyOf('PriceEvent'));
    expect(itemSchemaOf('reconnect')).toEqual({
      oneOf: [ref('Ends_reconnect_PriceEvent'), ref('StreamErrorEvent')],
    });
    expect(itemSchemaOf('nothing')).toEqual(ref('Ends_nothing_PriceEvent'));
    const { EndEvent, StreamErrorEvent } = schemasOf(document);
    expect(EndEvent).toMatchObject({
      required: ['event', 'data', 'id'],
      properties: { event: { const: 'end' }, data: { const: '' }, id: { const: '~end' } },
    });
    expect(StreamErrorEvent).toMatchObject({ properties: { event: { const: 'stream-error' } } });
    // What the routes send is what the document says, and what it shows.
    for (const path of ['stop', 'named', 'raw']) {
      const response = await fetch(`${url}/ends/${path}`, { headers: { Accept: STREAM } });
      const text = await response.text();
      const frame = `${text.trimEnd().split('\n\n').at(-1)!}\n\n`;
      const [end] = parseEvents(text).slice(-1);
      expect([path, fitsIn(document, itemSchemaOf(path))(end)]).toEqual([path, true]);
      expect([path, end!.id]).toEqual([path, '~end']);
      expect(Object.values(streamOf(document, `/ends/${path}`).examples!).at(-1)!.value).toBe(frame);
    }
    // A client that does not read event streams gets no event that is not the developer's.
    const silent = parseEvents(await (await fetch(`${url}/ends/stop`)).text());
    expect(silent.map(({ event }) => event)).toEqual([undefined]);
  });

  it('leaves only the envelopes with itemSchemaOnly', async () => {
    const app = await start(...everything);
    const { schema: _schema, ...others } = streamOf(setupSseDocs(createDocument(app)), '/market');
    expect(streamOf(setupSseDocs(createDocument(app), { itemSchemaOnly: true }), '/market')).toEqual(others);
  });

  it('describes events without a name, any JSON and text', async () => {
    const document = setupSseDocs(createDocument(await start(Misc)));
    const itemSchemaOf = (path: string, method?: string) => streamOf(document, `/misc/${path}`, method).itemSchema;
    expect(itemSchemaOf('price')).toEqual(anyOf('PriceEvent'));
    expect(itemSchemaOf('typed')).toEqual(oneOf('TradeEvent'));
    expect(itemSchemaOf('anything')).toEqual(anyOf('JsonEvent'));
    expect(itemSchemaOf('something')).toEqual(anyOf('JsonEvent'));
    expect(itemSchemaOf('text')).toEqual(anyOf('TextEvent'));
    expect(itemSchemaOf('words')).toEqual(anyOf('Misc_words_TextEvent'));
    expect(itemSchemaOf('import', 'post')).toEqual(anyOf('Misc_importEvent'));
    const text = (data: object) => ({ ...unnamed(), properties: { ...unnamed().properties, data } });
    const schemas = schemasOf(document);
    expect(schemas).toMatchObject({ PriceEvent: unnamed(ref('Price')), TradeEvent: named('Trade', ref('Trade')) });
    expect(schemas['JsonEvent']).toEqual(unnamed());
    expect(schemas['TextEvent']).toEqual(text({ type: 'string' }));
    expect(schemas['Misc_words_TextEvent']).toEqual(text({ type: 'string', enum: ['yes', 'no'] }));
  });

  it('describes data so that the examples fit and others do not', async () => {
    const document = served(setupSseDocs(createDocument(await start(...everything))));
    let seen = 0;
    for (const [path, item] of Object.entries(document.paths)) {
      for (const operation of Object.values(item) as Operation[]) {
        const { itemSchema, examples = {} } = operation.responses['200']!.content![STREAM] ?? {};
        for (const { value } of Object.values(itemSchema ? examples : {})) {
          const [event] = parseEvents(value);
          const fits = fitsIn(document, itemSchema);
          expect([path, fits(event)]).toEqual([path, true]);
          expect(fits({ ...event, retry: -1 })).toBe(false);
          expect(fits({ id: '1' })).toBe(false);
          seen++;
        }
      }
    }
    expect(seen).toBe(3 + 5 + 6);
    expect(fitsIn(document, streamOf(document, '/market').itemSchema)({ event: 'halt', data: '1' })).toBe(false);

    // `contentSchema` only annotates: validators leave what is in the string to others.
    const note = schemasOf(document)['OrderNoteEvent'] as ReturnType<typeof named>;
    const fits = fitsIn(document, note.properties.data.contentSchema);
    expect(fits({ text: null, tags: ['a', null], from: null })).toBe(true);
    expect(fits({ text: 'x', tags: [], from: { name: 'x' } })).toBe(true);
    expect(fits({ text: 1, tags: [], from: null })).toBe(false);
    expect(fits({ text: 'x', tags: ['c'], from: null })).toBe(false);
    expect(fits({ text: 'x', tags: [], from: 1 })).toBe(false);
    expect(fits({ text: 'x', tags: [] })).toBe(false);
  });

  it.each(['3.0.0', '3.1.0'])('leaves a document of OpenAPI %s as it is', async (version) => {
    const app = await start(...everything);
    const before = JSON.stringify(createDocument(app, version));
    expect(JSON.stringify(setupSseDocs(createDocument(app, version)))).toBe(before);
    expect(JSON.stringify(setupSseDocs(createDocument(app, version), { itemSchemaOnly: true }))).toBe(before);
    expect(await findingsOf(createDocument(app, version))).toEqual([]);
  });

  it('leaves everything but the streams as it is, content that a route documents itself included', async () => {
    const app = await start(...everything);
    const before = served(createDocument(app));
    const after = served(setupSseDocs(createDocument(app), { itemSchemaOnly: true }));
    const added = Object.keys(after.components!.schemas!).filter((name) => !(name in before.components!.schemas!));
    expect(added).toEqual([
      'PriceEvent',
      'TradeEvent',
      'OrderNoteEvent',
      'EndEvent',
      'StreamErrorEvent',
      'Misc_price_PriceEvent',
      'Misc_typed_TradeEvent',
      'JsonEvent',
      'TextEvent',
      'Misc_words_TextEvent',
      'Misc_importEvent',
    ]);
    const kept = Object.fromEntries(
      Object.entries(after.components!.schemas!).filter(([name]) => !added.includes(name)),
    );
    expect(JSON.stringify(kept)).toBe(JSON.stringify(before.components!.schemas));
    for (const path of ['/market/latest', '/misc/own']) {
      expect(JSON.stringify(after.paths[path])).toBe(JSON.stringify(before.paths[path]));
    }
    const { paths: _paths, components: _components, ...rest } = after;
    expect(rest).toEqual(Object.fromEntries(Object.entries(before).filter(([key]) => key in rest)));
    expect(JSON.stringify(after)).not.toContain('SSE_STREAM_EVENTS');
  });

  it('changes the document that it is given, and a second call changes nothing', async () => {
    const app = await start(...everything);
    const document = createDocument(app);
    expect(setupSseDocs(document)).toBe(document);
    const once = JSON.stringify(document);
    expect(JSON.stringify(setupSseDocs(document))).toBe(once);

    setupSseDocs(document, { itemSchemaOnly: true });
    expect(JSON.stringify(document)).toBe(JSON.stringify(setupSseDocs(createDocument(app), { itemSchemaOnly: true })));
    expect(JSON.stringify(setupSseDocs(setupSseDocs(document), { itemSchemaOnly: true }))).toBe(
      JSON.stringify(document),
    );
    // What the application adds stays.
    const edited = setupSseDocs(createDocument(app));
    Object.assign(edited.components!.schemas!['PriceEvent']!, { description: 'Mine.' });
    const mine = JSON.stringify(edited);
    expect(JSON.stringify(setupSseDocs(edited))).toBe(mine);

    // Neither the route nor another document has seen any of it.
    expect(JSON.stringify(setupSseDocs(createDocument(app)))).toBe(once);
    expect(streamOf(createDocument(app), '/market').itemSchema).toBeUndefined();
  });

  it('can be called where SwaggerModule.setup() takes a document, or makes it on request', async () => {
    const { url } = await startApp(adapter, {
      controllers: everything,
      prepare: (app) => {
        SwaggerModule.setup('now', app, setupSseDocs(createDocument(app)), { ui: false });
        SwaggerModule.setup('later', app, () => setupSseDocs(createDocument(app)), { ui: false });
        SwaggerModule.setup('without', app, () => createDocument(app), { ui: false });
      },
    });
    const get = async (path: string) => (await fetch(`${url}/${path}`)).text();
    const now = await get('now-json');
    expect(streamOf(JSON.parse(now) as object, '/market').itemSchema!.oneOf).toHaveLength(5);
    expect(await get('later-json')).toBe(now);
    expect(await get('now-json')).toBe(now);
    expect(await get('now-yaml')).toContain('itemSchema:');
    for (const path of ['without-json', 'without-yaml']) {
      expect(await get(path)).toContain('text/event-stream');
      expect(await get(path)).not.toMatch(/itemSchema|SSE_STREAM_EVENTS|componentNames/);
    }
  });

  describe('where a component has the name of an envelope', () => {
    const schemasWith = async (...controllers: (new () => object)[]) => {
      const document = setupSseDocs(createDocument(await start(...controllers)));
      expect(await findingsOf(document)).toEqual([]);
      return { document, schemas: schemasOf(document) };
    };

    it('leaves a class of the application alone, and puts the controller and the method before its own', async () => {
      class PriceEvent {
        @ApiProperty() mine!: string;
      }

      @ApiExtraModels(PriceEvent)
      @Controller('stocks')
      class Stocks extends ServerSentEventsView<Price> {
        static readonly responseSchema = Price;

        async *events() {
          yield { symbol: '', price: 1 };
        }
      }
      const { document, schemas } = await schemasWith(Stocks);
      expect(schemas['PriceEvent']).toMatchObject({ properties: { mine: { type: 'string' } } });
      expect(schemas['Stocks_events_PriceEvent']).toEqual(unnamed(ref('Price')));
      expect(streamOf(document, '/stocks').itemSchema).toEqual(anyOf('Stocks_events_PriceEvent'));
    });

    it('leaves the class of ServerSentEvent(Model) alone', async () => {
      class PriceEvent extends ServerSentEvent(Price) {}

      @ApiExtraModels(PriceEvent, ServerSentEvent(Trade))
      @Controller('stocks')
      class Stocks {
        @SseRoute({ responseSchema: { price: Price, trade: Trade } })
        async *events() {
          yield { event: 'trade' as const, data: { amount: 1 } };
        }
      }
      const { document, schemas } = await schemasWith(Stocks);
      expect(schemas).toMatchObject({
        PriceEvent: { required: ['data'], properties: { data: ref('Price'), comment: { type: 'string' } } },
        TradeEvent: { required: ['data'], properties: { data: ref('Trade'), comment: { type: 'string' } } },
        Stocks_events_PriceEvent: named('price', ref('Price')),
        Stocks_events_TradeEvent: named('trade', ref('Trade')),
      });
      expect(streamOf(document, '/stocks').schema).toEqual({ oneOf: [ref('Price'), ref('Trade')] });
    });

    it('tells apart events of one name with different data, in controllers of one name as well', async () => {
      const controllerOf = (path: string, model: new () => object) => {
        @Controller(path)
        class Updates {
          @SseRoute({ responseSchema: { update: model } })
          async *events() {
            yield { event: 'update' as const, data: {} };
          }
        }
        return Updates;
      };
      const models = [Price, Trade, Row];
      const { document, schemas } = await schemasWith(
        ...models.map((model, i) => controllerOf(`updates/${i}`, model)),
        controllerOf('updates/again', Trade),
      );
      const names = ['UpdateEvent', 'Updates_events_UpdateEvent', 'Updates_events_UpdateEvent_2'];
      names.forEach((name, i) => {
        expect(schemas[name]).toEqual(named('update', ref(models[i]!.name)));
        expect(streamOf(document, `/updates/${i}`).itemSchema).toEqual(oneOf(name));
      });
      expect(streamOf(document, '/updates/again').itemSchema).toEqual(oneOf(names[1]!));
    });

    it('does not call an event whose name ends so an event twice, and writes only what a name may have', async () => {
      class StockEvent {
        @Allow() @ApiProperty() symbol!: string;
      }

      @Controller('names')
      class Names {
        @SseRoute({ responseSchema: { priceEvent: Price, 'a/b c': Trade, über: Row, 价格: Price } })
        async *events() {
          yield { event: 'a/b c' as const, data: { amount: 1 } };
        }

        @SseRoute('typed', { responseSchema: StockEvent, typedEvents: true })
        async *typed() {
          yield { symbol: '' };
        }
      }
      const { document } = await schemasWith(Names);
      expect(streamOf(document, '/names').itemSchema).toEqual(
        oneOf('PriceEvent', 'ABCEvent', 'BerEvent', 'Names_events_PriceEvent'),
      );
      expect(streamOf(document, '/names/typed').itemSchema).toEqual(oneOf('Names_typed_StockEvent'));
    });
  });

  it('finds streams of included modules, under a prefix, versions, several paths and methods', async () => {
    @Controller({ path: ['news', 'latest-news'], version: ['1', '2'] })
    class News extends ServerSentEventsView<Price> {
      static readonly responseSchema = Price;

      async *events() {
        yield { symbol: '', price: 1 };
      }

      @SseRoute('all', { method: RequestMethod.ALL, responseSchema: Trade })
      async *all() {
        yield { amount: 1 };
      }
    }

    @Module({ controllers: [News] })
    class NewsModule {}

    @Module({ imports: [NewsModule], controllers: [Misc] })
    class Feature {}
    const { app } = await startApp(adapter, {
      imports: [Feature],
      controllers: [Market],
      prepare: (created) => {
        created.setGlobalPrefix('api');
        created.enableVersioning({ type: VersioningType.URI });
      },
    });
    const options = { include: [Feature], deepScanRoutes: true, operationIdFactory: () => 'same' };
    const document = setupSseDocs(createDocument(app, '3.2.0', options));
    const paths = ['/api/v1/news', '/api/v2/news', '/api/v1/latest-news', '/api/v2/latest-news'];
    for (const path of paths) {
      expect(streamOf(document, path).itemSchema).toEqual(anyOf('PriceEvent'));
      expect(streamOf(document, `${path}/all`, 'delete').itemSchema).toEqual(anyOf('TradeEvent'));
    }
    expect(streamOf(document, '/api/misc/price').itemSchema).toEqual(anyOf('PriceEvent'));
    expect(Object.keys(served(document).paths)).not.toContain('/api/market');
    expect(streamOf(document, '/api/misc/typed').itemSchema).toEqual(oneOf('Misc_typed_TradeEvent'));
  });

  it('tells applications and documents of one process apart', async () => {
    const feed = (model: new () => object) => {
      @Controller('feed')
      class Feed {
        @SseRoute({ responseSchema: { update: model } })
        async *events() {
          yield { event: 'update' as const, data: {} };
        }
      }
      return Feed;
    };
    const apps = [await start(feed(Price)), await start(feed(Trade)), await start(Market)];
    const documents = apps.map((app) => createDocument(app));
    documents.forEach((document) => setupSseDocs(document));
    expect(schemasOf(documents[0]!)['UpdateEvent']).toEqual(named('update', ref('Price')));
    expect(schemasOf(documents[1]!)['UpdateEvent']).toEqual(named('update', ref('Trade')));
    expect(Object.keys(schemasOf(documents[2]!))).not.toContain('UpdateEvent');
  });

  it('has nothing to do in a document without streams', async () => {
    const document = { openapi: '3.2.0', info: { title: '', version: '' }, paths: {} };
    expect(setupSseDocs(document)).toEqual({ openapi: '3.2.0', info: { title: '', version: '' }, paths: {} });
  });
});
