import {
  Body,
  Controller,
  Get,
  Headers,
  Inject,
  type INestApplication,
  Module,
  Param,
  Query,
  RequestMethod,
  type Type,
  VersioningType,
} from '@nestjs/common';
import {
  ApiExcludeEndpoint,
  ApiExtraModels,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiProperty,
  ApiQuery,
  ApiResponse,
  ApiTags,
  DocumentBuilder,
  SwaggerModule,
} from '@nestjs/swagger';
import { NestFactory } from '@nestjs/core';
import { type } from 'arktype';
import { Type as TransformType } from 'class-transformer';
import {
  Allow,
  IsEnum,
  IsInt,
  IsNumber,
  IsOptional,
  IsPositive,
  IsString,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import {
  type EventsOf,
  LastEventId,
  ServerSentEvent,
  ServerSentEventsView,
  SseModule,
  SseRoute,
  type SseModuleOptions,
  type StandardSchema,
} from 'nestjs-sse-views';
import * as v from 'valibot';
import { z } from 'zod';
import { createAdapter } from '../support/adapters';
import { ADAPTERS, closeApps, startApp, type LogLine } from '../support/app';
import { findingsOf, fitsIn, type OpenApiDocument } from '../support/openapi-validation';
import { parseEvents } from '../support/read-events';

afterEach(closeApps);

const VERSIONS = ['3.0.0', '3.1.0'] as const;
const STREAM = 'text/event-stream';

interface Operation {
  readonly summary?: string;
  readonly tags: string[];
  readonly parameters: { name: string; in: string; required?: boolean; schema: object; description?: string }[];
  readonly requestBody?: unknown;
  readonly responses: Record<
    string,
    { description: string; content?: Record<string, { schema: unknown; examples?: Record<string, { value: string }> }> }
  >;
}

function documentOf(app: INestApplication, version: string = '3.0.0'): OpenApiDocument {
  const config = new DocumentBuilder().setTitle('Streams').setOpenAPIVersion(version).build();
  // As it is served.
  return JSON.parse(JSON.stringify(SwaggerModule.createDocument(app, config))) as OpenApiDocument;
}

function operationOf(document: OpenApiDocument, path: string, method = 'get'): Operation {
  const operation = document.paths[path]?.[method];
  if (!operation) {
    throw new Error(`No ${method} ${path} in ${JSON.stringify(Object.keys(document.paths))}`);
  }
  return operation as Operation;
}

const streamOf = (document: OpenApiDocument, path: string, method?: string) =>
  operationOf(document, path, method).responses['200']!.content![STREAM]!;

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const warningsOf = (log: readonly LogLine[]): string[] =>
  log.filter(({ level }) => level === 'warn').map(({ message }) => message);

enum Side {
  Buy = 'buy',
  Sell = 'sell',
}

class Level {
  @IsNumber() price!: number;
  @IsInt() @Min(1) size!: number;
}

class StockPrice {
  @IsString() symbol!: string;
  @IsNumber() @IsPositive() price!: number;
  @IsEnum(Side) side!: Side;
  @IsOptional() @ValidateNested({ each: true }) @TransformType(() => Level) levels?: Level[];
}

class TradingHalt {
  @ApiProperty({ description: 'Symbol of the stock', example: 'ACME' })
  symbol!: string;
  @IsString() reason!: string;
}

const STOCK_PRICE = {
  type: 'object',
  properties: {
    symbol: { type: 'string' },
    price: { type: 'number', minimum: 0, not: { enum: [0] } },
    side: { type: 'string', enum: ['buy', 'sell'] },
    levels: { type: 'array', nullable: true, items: ref('Level') },
  },
  required: ['symbol', 'price', 'side'],
};

const Trade = z
  .object({
    id: z.int(),
    price: z.number().positive(),
    note: z.string().nullable(),
    venue: z.enum(['x', 'y']).nullable(),
  })
  .meta({ id: 'Trade' });
const Order = v.object({ id: v.string(), limit: v.pipe(v.number(), v.gtValue(0)), note: v.nullable(v.string()) });
const Quote = type({ bid: 'number > 0', 'ask?': 'number', at: 'Date' });
const Thread = z.object({
  text: z.string(),
  get replies() {
    return z.array(Thread);
  },
});

const marketSchemas = { price: StockPrice, trade: Trade, 'order/new': Order, quote: Quote, halt: TradingHalt };

@Controller('stocks')
class Stocks extends ServerSentEventsView<StockPrice> {
  static readonly responseSchema = StockPrice;

  async *events(@Query('symbol') symbol: string): AsyncGenerator<StockPrice> {
    yield { symbol, price: 1, side: Side.Buy };
  }

  @SseRoute('halts', { responseSchema: ServerSentEvent(TradingHalt), typedEvents: true, onEnd: 'reconnect' })
  async *halts() {
    yield { event: 'halt', data: { symbol: 'ACME', reason: 'volatility' } };
  }

  @Get('latest')
  @ApiOkResponse({ type: StockPrice })
  latest(): void {}
}

@Controller('market/:region')
class Market extends ServerSentEventsView<EventsOf<typeof marketSchemas>> {
  static readonly responseSchema = marketSchemas;

  @SseRoute({ onEnd: { event: 'closed' }, eventId: () => 1 })
  async *events(@Param('region') region: string) {
    yield { event: 'halt' as const, data: { symbol: region, reason: '' } };
  }
}

class Page {
  @ApiProperty() @IsInt() @Min(1) @Max(100) size!: number;
  @ApiProperty({ required: false }) @IsOptional() @IsString() after?: string;
}

class Row {
  @IsString() name!: string;
}

@Controller('misc')
class Misc {
  @SseRoute('anything')
  async *anything(@LastEventId() _id: string | undefined) {
    yield 1;
  }

  @SseRoute('text', { format: 'text' })
  async *text() {
    yield 'line';
  }

  @SseRoute('import', { method: RequestMethod.POST, responseSchema: z.object({ row: z.int() }) })
  async *import(@Body() _row: Row, @Query() _page: Page) {
    yield { row: 1 };
  }

  @SseRoute('same', { responseSchema: { opened: StockPrice, closed: StockPrice } })
  async *same() {
    yield { event: 'opened' as const, data: { symbol: '', price: 1, side: Side.Buy } };
  }

  @SseRoute('threads', { responseSchema: Thread })
  async *threads() {
    yield { text: '', replies: [] };
  }
}

const everything = [Stocks, Market, Misc];

describe.each(ADAPTERS)('documents on %s', (adapter) => {
  const start = (controllers: Type[], sse?: SseModuleOptions, prepare?: (app: INestApplication) => unknown) =>
    startApp(adapter, { controllers, ...(sse && { sse }), ...(prepare && { prepare }) });

  it.each(VERSIONS)('are valid OpenAPI %s', async (version) => {
    const { app } = await start(everything);
    const document = documentOf(app, version);
    expect(document.openapi).toBe(version);
    expect(await findingsOf(document)).toEqual([]);
  });

  it.each(VERSIONS)('have examples in %s that a client reads, with data that fit the schema', async (version) => {
    const { app } = await start(everything);
    const document = documentOf(app, version);
    let seen = 0;
    let ends = 0;
    for (const [path, item] of Object.entries(document.paths)) {
      for (const operation of Object.values(item) as Operation[]) {
        const stream = operation.responses['200']?.content?.[STREAM];
        const fits = stream && fitsIn(document, stream.schema);
        for (const [name, { value }] of Object.entries(stream?.examples ?? {})) {
          const [event, ...more] = parseEvents(value);
          expect(more).toEqual([]);
          expect(event!.event ?? 'event').toBe(name);
          const isEnd = event!.id === '~end';
          const data: unknown = isEnd || path.endsWith('text') ? event!.data : JSON.parse(event!.data);
          expect([path, name, isEnd ? data === '' : fits!(data)]).toEqual([path, name, true]);
          ends += isEnd ? 1 : 0;
          seen++;
        }
      }
    }
    expect(seen - ends).toBe(1 + 1 + 5 + 1 + 1 + 2 + 1);
    // Not the stream that has its clients reconnect, nor the one of any JSON.
    expect(ends).toBe(6);
  });

  it.each(VERSIONS)('have schemas in %s that say no to data that do not fit', async (version) => {
    const { app } = await start(everything);
    const document = documentOf(app, version);
    const trade = fitsIn(document, ref('Trade'));
    const fitting = { id: 1, price: 1, note: null, venue: null };
    expect(trade(fitting)).toBe(true);
    expect(trade({ ...fitting, venue: 'x' })).toBe(true);
    expect(trade({ ...fitting, price: 0 })).toBe(false);
    expect(trade({ ...fitting, venue: 'z' })).toBe(false);
    expect(trade({ ...fitting, note: 1 })).toBe(false);
    expect(trade({ id: 1, price: 1 })).toBe(false);
    const price = fitsIn(document, ref('StockPrice'));
    expect(price({ symbol: 'a', price: 1, side: 'buy', levels: [{ price: 1, size: 1 }] })).toBe(true);
    expect(price({ symbol: 'a', price: 0, side: 'buy' })).toBe(false);
    expect(price({ symbol: 'a', price: 1, side: 'hold' })).toBe(false);
    expect(price({ symbol: 'a', price: 1, side: 'buy', levels: [{ price: 1, size: 0 }] })).toBe(false);
  });

  it('show a view with the class of its data, an example, its parameters and its errors', async () => {
    const { app } = await start(everything);
    const document = documentOf(app);
    const operation = operationOf(document, '/stocks');
    expect(operation.parameters).toEqual([
      { name: 'symbol', in: 'query', required: true, schema: { type: 'string' } },
      {
        name: 'Last-Event-ID',
        in: 'header',
        required: false,
        schema: { type: 'string' },
        description: 'Id of the last event received; the stream resumes after it.',
      },
    ]);
    expect(operation.responses['200']!.description).toMatch(
      /^Server-sent events\. `data` is JSON\.\n\n.*stream-error/s,
    );
    expect(Object.keys(operation.responses['200']!.content!)).toEqual([STREAM]);
    const { schema, examples } = streamOf(document, '/stocks');
    expect(schema).toEqual(ref('StockPrice'));
    expect(examples).toEqual({
      event: {
        summary: 'An event',
        value: expect.stringMatching(
          /^id: [0-9a-f-]{36}\ndata: \{"symbol":"string","price":1,"side":"buy","levels":\[\{"price":1,"size":1\}\]\}\n\n$/,
        ),
      },
      end: { summary: 'event: end (the end)', value: 'event: end\nid: ~end\ndata:\n\n' },
    });
    expect(document.components!.schemas).toMatchObject({ StockPrice: STOCK_PRICE });
    expect(operation.responses['default']).toMatchObject({
      content: { 'application/json': { schema: { required: ['statusCode', 'message'] } } },
    });
  });

  it('show the data of an envelope class, named after the class where the events are', async () => {
    const { app } = await start(everything);
    const document = documentOf(app);
    const { description } = operationOf(document, '/stocks/halts').responses['200']!;
    expect(streamOf(document, '/stocks/halts').schema).toEqual(ref('TradingHalt'));
    expect(description).toContain('| event | data |\n|---|---|\n| `TradingHalt` | `TradingHalt` |\n');
    expect(description).toContain('clients reconnect');
    expect(document.components!.schemas).toMatchObject({
      TradingHalt: {
        properties: {
          symbol: { type: 'string', description: 'Symbol of the stock', example: 'ACME' },
          reason: { type: 'string' },
        },
        required: ['symbol', 'reason'],
      },
    });
    expect(streamOf(document, '/stocks/halts').examples!['TradingHalt']!.value).toContain('"symbol":"ACME"');
  });

  it('show a record as a choice of its members, with a table of the names and an example of each', async () => {
    const { app } = await start(everything);
    const document = documentOf(app);
    const path = '/market/{region}';
    const { schema, examples } = streamOf(document, path);
    expect(schema).toEqual({
      oneOf: [
        ref('StockPrice'),
        ref('Trade'),
        expect.objectContaining({ type: 'object', required: ['id', 'limit', 'note'] }),
        expect.objectContaining({ type: 'object', required: expect.arrayContaining(['bid', 'at']) as unknown }),
        ref('TradingHalt'),
      ],
    });
    expect(Object.keys(examples!)).toEqual(['price', 'trade', 'order/new', 'quote', 'halt', 'closed']);
    expect(examples!['trade']).toEqual({
      summary: 'event: trade',
      value: 'event: trade\nid: 1\ndata: {"id":1,"price":1,"note":"string","venue":"x"}\n\n',
    });
    const operation = operationOf(document, path);
    expect(operation.responses['200']!.description).toContain(
      '`data` is JSON:\n\n| event | data |\n|---|---|\n| `price` | `StockPrice` |\n| `trade` | `Trade` |\n' +
        '| `order/new` | `object` |\n| `quote` | `object` |\n| `halt` | `TradingHalt` |\n\n',
    );
    expect(operation.responses['200']!.description).toContain('comes the event `closed` with the id `~end`');
    expect(operation.parameters.map(({ name, in: where }) => [name, where])).toEqual([
      ['region', 'path'],
      ['Last-Event-ID', 'header'],
    ]);
    expect(streamOf(document, '/misc/same').schema).toEqual(ref('StockPrice'));
  });

  it('show null in the way of each version', async () => {
    const { app } = await start(everything);
    const noteIn = (version: string) =>
      (documentOf(app, version).components!.schemas!['Trade'] as { properties: Record<string, unknown> }).properties;
    expect(noteIn('3.0.0')).toMatchObject({ note: { type: 'string', nullable: true } });
    expect(noteIn('3.1.0')).toMatchObject({ note: { type: ['string', 'null'] }, venue: { enum: ['x', 'y', null] } });
    // A document does not change what the next one sees.
    expect(noteIn('3.0.0')).toMatchObject({ note: { type: 'string', nullable: true } });
  });

  it('show a schema that refers to itself', async () => {
    const { app } = await start(everything);
    const document = documentOf(app);
    const self = ref('Misc_threads');
    expect(streamOf(document, '/misc/threads').schema).toEqual(self);
    expect(document.components!.schemas!['Misc_threads']).toMatchObject({
      properties: { text: { type: 'string' }, replies: { type: 'array', items: self } },
    });
  });

  it('have ids in their examples as the route gives them: a UUID, unless it says otherwise', async () => {
    @Controller('numbered')
    class Numbered extends ServerSentEventsView<string> {
      static readonly responseSchema = z.string();

      override eventId(): number {
        return 7;
      }

      async *events() {
        yield '';
      }

      @SseRoute('beside', { responseSchema: z.string() })
      async *beside() {
        yield '';
      }

      @SseRoute('without', { responseSchema: z.string(), eventId: () => undefined })
      async *without() {
        yield '';
      }

      @SseRoute('of-data', {
        responseSchema: z.object({ n: z.int().min(3) }),
        eventId: ({ data }) => `n-${(data as { n: number }).n}`,
      })
      async *ofData() {
        yield { n: 3 };
      }

      @SseRoute('failing', { responseSchema: z.string(), eventId: ({ data }) => (data as string).at(-9)!.trim() })
      async *failing() {
        yield 'long enough';
      }

      @SseRoute('invalid', { responseSchema: z.string(), eventId: ({ data }) => `${String(data)}\n` })
      async *invalid() {
        yield '';
      }
    }
    const { app } = await start([Numbered]);
    const idIn = (path: string) => parseEvents(streamOf(documentOf(app), path).examples!['event']!.value)[0]!.id;
    expect(idIn('/numbered')).toBe('1');
    expect(idIn('/numbered/without')).toBeUndefined();
    expect(idIn('/numbered/of-data')).toBe('n-3');
    expect(idIn('/numbered/failing')).toBe('1');
    expect(idIn('/numbered/invalid')).toBe('1');
    expect(idIn('/numbered/beside')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it('show schemas that refer to themselves apart, objects or not', async () => {
    const list = z.array(z.lazy((): z.ZodType => list));
    const tree = z.object({
      get left() {
        return tree.optional();
      },
    });

    @Controller('recursive')
    class Recursive {
      @SseRoute({ responseSchema: { list, tree } })
      async *events() {
        yield { event: 'list' as const, data: [] };
      }
    }
    const { app } = await start([Recursive]);
    for (const version of VERSIONS) {
      const document = documentOf(app, version);
      expect(await findingsOf(document)).toEqual([]);
      expect(document.components!.schemas).toEqual({
        Recursive_events_list: { type: 'array', items: ref('Recursive_events_list') },
        Recursive_events_tree: expect.objectContaining({ properties: { left: ref('Recursive_events_tree') } }),
      });
      expect(streamOf(document, '/recursive').examples).toMatchObject({
        list: { value: expect.stringContaining('data: []') },
      });
    }
  });

  it('show any JSON where there is no schema, and text where the route writes text', async () => {
    const { app } = await start(everything);
    const document = documentOf(app);
    expect(streamOf(document, '/misc/anything')).toEqual({ schema: {} });
    expect(streamOf(document, '/misc/text')).toMatchObject({
      schema: { type: 'string' },
      examples: { event: { value: expect.stringContaining('data: string\n\n') as unknown } },
    });
    expect(operationOf(document, '/misc/text').responses['200']!.description).toContain('`data` is text.');
  });

  it('show a POST stream with 200, its body and the properties of its query', async () => {
    const { app } = await start(everything);
    const document = documentOf(app);
    const operation = operationOf(document, '/misc/import', 'post');
    expect(Object.keys(operation.responses)).toEqual(['200', 'default']);
    expect(operation.requestBody).toEqual({ required: true, content: { 'application/json': { schema: ref('Row') } } });
    expect(operation.parameters.map(({ name, in: where, required }) => [name, where, required])).toEqual([
      ['size', 'query', true],
      ['after', 'query', false],
      ['Last-Event-ID', 'header', false],
    ]);
  });

  it('show streams under the global prefix and their version', async () => {
    @Controller({ path: 'news', version: '2' })
    class News extends ServerSentEventsView {
      async *events() {
        yield 1;
      }
    }
    const { app } = await start([News], {}, (created) => {
      created.setGlobalPrefix('api');
      created.enableVersioning({ type: VersioningType.URI });
    });
    expect(Object.keys(documentOf(app).paths)).toEqual(['/api/v2/news']);
  });

  it('show each view with its own data where several inherit one events()', async () => {
    abstract class Feed extends ServerSentEventsView {
      @ApiOperation({ summary: 'A feed' })
      @SseRoute()
      async *events(@Query('from') _from: string): AsyncGenerator<unknown> {
        yield {};
      }
    }

    @Controller('a')
    class FeedA extends Feed {
      static readonly responseSchema = StockPrice;
    }

    @Controller('b')
    class FeedB extends Feed {
      static readonly responseSchema = Trade;
    }
    const { app } = await start([FeedA, FeedB]);
    const document = documentOf(app);
    expect(streamOf(document, '/a').schema).toEqual(ref('StockPrice'));
    expect(streamOf(document, '/b').schema).toEqual(ref('Trade'));
    for (const path of ['/a', '/b']) {
      expect(operationOf(document, path).summary).toBe('A feed');
      expect(operationOf(document, path).parameters.map(({ name }) => name)).toEqual(['from', 'Last-Event-ID']);
    }
  });

  describe('with decorators of the developer’s own', () => {
    class Problem {
      @ApiProperty() title!: string;
    }

    class Extra {
      @ApiProperty() more!: string;
    }

    @ApiTags('live')
    @Controller('own')
    class Own {
      @ApiOperation({ summary: 'Mine' })
      @ApiOkResponse({ description: 'The prices.' })
      @ApiNotFoundResponse({ description: 'No such stock.', type: Problem })
      @ApiQuery({ name: 'depth', required: false, type: Number })
      @ApiExtraModels(Extra)
      @SseRoute('described', { responseSchema: StockPrice })
      async *described() {
        yield { symbol: '', price: 1, side: Side.Buy };
      }

      @ApiOkResponse({ description: 'Levels.', type: [Level], headers: { 'X-Depth': { schema: { type: 'integer' } } } })
      @SseRoute('typed', { responseSchema: z.object({ a: z.string() }) })
      async *typed() {
        yield { a: '' };
      }

      @ApiOkResponse({ description: 'A number.', schema: { type: 'number' }, example: 7 })
      @SseRoute('schema', { responseSchema: StockPrice })
      async *schema() {
        yield { symbol: '', price: 1, side: Side.Buy };
      }

      @ApiOkResponse({ description: 'By a schema.', standardSchema: Trade })
      @SseRoute('standard', { responseSchema: StockPrice })
      async *standard() {
        yield { symbol: '', price: 1, side: Side.Buy };
      }

      @ApiOkResponse({ description: 'Both.', content: { 'application/x-ndjson': { schema: { type: 'string' } } } })
      @SseRoute('content')
      async *content() {
        yield 1;
      }

      @ApiProduces('text/plain')
      @ApiOkResponse({ type: String })
      @SseRoute('produces')
      async *produces() {
        yield 1;
      }

      @ApiOkResponse({ description: 'Sampled.', examples: { mine: { summary: 'mine', value: 'data: 1\n\n' } } })
      @SseRoute('examples', { responseSchema: StockPrice })
      async *examples() {
        yield { symbol: '', price: 1, side: Side.Buy };
      }

      @ApiResponse({ status: 'default', description: 'Whatever.' })
      @ApiHeader({ name: 'last-event-id', description: 'Mine, too.' })
      @SseRoute('header')
      async *header() {
        yield 1;
      }

      @SseRoute('read')
      async *read(@Headers('last-event-id') _id: string) {
        yield 1;
      }

      @ApiExcludeEndpoint()
      @SseRoute('hidden')
      async *hidden() {
        yield 1;
      }
    }

    @ApiHeader({ name: 'Last-Event-ID', description: 'Of the controller.' })
    @ApiResponse({ status: 403, description: 'Not yours.' })
    @Controller('guarded')
    class Guarded extends ServerSentEventsView {
      async *events() {
        yield 1;
      }
    }

    it.each(VERSIONS)('are valid OpenAPI %s', async (version) => {
      const { app } = await start([Own, Guarded]);
      expect(await findingsOf(documentOf(app, version))).toEqual([]);
    });

    it('join a description of the 200 with the library’s, and keep the rest', async () => {
      const { app } = await start([Own]);
      const document = documentOf(app);
      const operation = operationOf(document, '/own/described');
      expect(operation).toMatchObject({ summary: 'Mine', tags: ['live'] });
      expect(operation.parameters.map(({ name }) => name)).toEqual(['depth', 'Last-Event-ID']);
      expect(operation.responses['200']!.description).toMatch(/^The prices\.\n\nServer-sent events\./);
      expect(streamOf(document, '/own/described').schema).toEqual(ref('StockPrice'));
      expect(document.components!.schemas).toMatchObject({ Extra: { required: ['more'] } });
      expect(Object.keys(operation.responses)).toEqual(['200', '404']);
      expect(operation.responses['404']).toEqual({
        description: 'No such stock.',
        content: { 'application/json': { schema: ref('Problem') } },
      });
    });

    it('keep the content of a 200 that the developer describes, as a stream where no media type is given', async () => {
      const { app } = await start([Own]);
      const document = documentOf(app);
      const responseOf = (path: string) => operationOf(document, `/own/${path}`).responses['200'];
      expect(responseOf('typed')).toEqual({
        description: 'Levels.',
        headers: { 'X-Depth': { schema: { type: 'integer' } } },
        content: { [STREAM]: { schema: { type: 'array', items: ref('Level') } } },
      });
      expect(document.components!.schemas!['Level']).toMatchObject({ required: ['price', 'size'] });
      expect(responseOf('schema')).toEqual({
        description: 'A number.',
        content: { [STREAM]: { schema: { type: 'number' }, example: 7 } },
      });
      expect(responseOf('standard')).toEqual({
        description: 'By a schema.',
        content: { [STREAM]: { schema: ref('Trade') } },
      });
      expect(responseOf('content')).toEqual({
        description: 'Both.',
        content: { 'application/x-ndjson': { schema: { type: 'string' } } },
      });
      expect(responseOf('produces')).toEqual({
        description: '',
        content: { 'text/plain': { schema: { type: 'string' } } },
      });
      expect(streamOf(document, '/own/examples')).toEqual({
        schema: ref('StockPrice'),
        examples: { mine: { summary: 'mine', value: 'data: 1\n\n' } },
      });
    });

    it('document Last-Event-ID themselves, and it is not there twice', async () => {
      const { app } = await start([Own, Guarded]);
      const document = documentOf(app);
      const headersOf = (path: string) =>
        operationOf(document, path).parameters.map(({ name, required, description }) => [name, required, description]);
      expect(headersOf('/own/header')).toEqual([['last-event-id', undefined, 'Mine, too.']]);
      expect(headersOf('/own/read')).toEqual([['last-event-id', false, expect.stringContaining('resumes')]]);
      expect(headersOf('/guarded')).toEqual([['Last-Event-ID', undefined, 'Of the controller.']]);
    });

    it('document errors, on the method or the controller, and no other error is added', async () => {
      const { app } = await start([Own, Guarded]);
      const document = documentOf(app);
      expect(operationOf(document, '/own/header').responses['default']).toEqual({ description: 'Whatever.' });
      expect(Object.keys(operationOf(document, '/guarded').responses)).toEqual(['200', '403']);
    });

    it('hide a stream', async () => {
      const { app } = await start([Own]);
      expect(Object.keys(documentOf(app).paths)).not.toContain('/own/hidden');
    });
  });

  it('show the parameters of a path that the method does not read, and those that it reads once', async () => {
    class Room {
      @ApiProperty() room!: string;
    }

    @Controller('rooms/:room')
    class Rooms {
      @SseRoute('messages')
      async *messages() {
        yield 1;
      }

      @SseRoute(['seats/:seat', 'places/:place'])
      async *seat(@Param('room') _room: string) {
        yield 1;
      }

      @ApiParam({ name: 'room', description: 'Which room.' })
      @SseRoute('files/:path')
      async *files() {
        yield 1;
      }

      @SseRoute('people')
      async *people(@Param() _room: Room) {
        yield 1;
      }
    }
    const { app } = await start([Rooms]);
    const inPath = (path: string) =>
      operationOf(documentOf(app), `/rooms/{room}/${path}`)
        .parameters.filter(({ in: where }) => where === 'path')
        .map(({ name, required, schema }) => [name, required, schema]);
    const text = { type: 'string' };
    expect(inPath('messages')).toEqual([['room', true, text]]);
    expect(inPath('seats/{seat}')).toEqual([['room', true, text]]);
    expect(inPath('files/{path}')).toEqual([
      ['path', true, text],
      ['room', true, expect.anything()],
    ]);
    expect(inPath('people')).toEqual([['room', true, text]]);
  });

  it('show what class decorators say of an @SseRoute() method', async () => {
    @ApiParam({ name: 'room', description: 'Which room.' })
    @Controller('rooms/:room')
    class Rooms {
      @SseRoute()
      async *stream(@Param('room') room: string) {
        yield room;
      }
    }
    const { app } = await startApp(adapter, { controllers: [Rooms] });
    const { parameters } = operationOf(documentOf(app), '/rooms/{room}');
    expect(parameters.find(({ name }) => name === 'room')).toMatchObject({ description: 'Which room.' });
  });

  it('can be made of an application that is only previewed, without creating what it injects', async () => {
    let created = 0;
    class Database {
      constructor() {
        created++;
      }
    }
    @Controller('view')
    class View extends ServerSentEventsView<number> {
      constructor(@Inject(Database) _database: Database) {
        super();
      }

      async *events() {
        yield 1;
      }
    }
    @Module({ imports: [SseModule.forRoot()], controllers: [View], providers: [Database] })
    class Root {}
    const options = { preview: true, logger: false, abortOnError: false } as const;
    const app = await NestFactory.create(Root, createAdapter(adapter), options);
    expect(streamOf(documentOf(app), '/view').schema).toEqual({});
    expect(created).toBe(0);
  });

  it('are the same for each application of the same classes, whatever was documented before', async () => {
    const first = await start(everything);
    const documents = VERSIONS.map((version) => documentOf(first.app, version));
    const second = await start(everything);
    for (const { app } of [second, first]) {
      expect(VERSIONS.map((version) => documentOf(app, version))).toEqual(documents);
    }
    expect(warningsOf([...first.log, ...second.log])).toEqual([]);
  });

  it('show a class the same in an ordinary route that comes before the stream', async () => {
    class Reading {
      @IsNumber() value!: number;
    }

    @Controller('a')
    class Ordinary {
      @Get()
      @ApiOkResponse({ type: Reading })
      latest(): void {}
    }

    @Controller('b')
    class Live extends ServerSentEventsView<Reading> {
      static readonly responseSchema = Reading;

      async *events() {
        yield { value: 1 };
      }
    }
    const { app, log } = await start([Ordinary, Live]);
    expect(documentOf(app).components!.schemas).toEqual({
      Reading: { type: 'object', properties: { value: { type: 'number' } }, required: ['value'] },
    });
    expect(warningsOf(log)).toEqual([]);
  });

  it('convert schemas when they are made, not when the application starts', async () => {
    const output = jest.fn(() => ({ type: 'string' }));
    const schema: StandardSchema<unknown> = {
      '~standard': {
        version: 1,
        vendor: 'homemade',
        validate: (value: unknown) => ({ value }),
        jsonSchema: { output },
      },
    };

    @Controller('late')
    class Late {
      @SseRoute({ responseSchema: schema })
      async *events() {
        yield '';
      }
    }
    const { app } = await start([Late]);
    expect(output).not.toHaveBeenCalled();
    expect(streamOf(documentOf(app), '/late').schema).toEqual({ type: 'string' });
  });

  it('do not keep an application from starting when they cannot be made', async () => {
    class Broken {
      @ApiProperty({
        type: () => {
          throw new Error('no such class');
        },
      })
      @Allow()
      part!: unknown;
    }

    @Controller('broken')
    class BrokenStream {
      @SseRoute({ responseSchema: Broken })
      async *events() {
        yield { part: 1 };
      }
    }
    const { url, log } = await start([BrokenStream]);
    expect((await fetch(`${url}/broken`)).status).toBe(200);
    expect(warningsOf(log)).toEqual([expect.stringMatching(/BrokenStream.*no such class/)]);
  });

  it('warn of what a schema cannot say in a document', async () => {
    @Controller('partial')
    class Partial {
      @SseRoute({
        responseSchema: z.object({ name: z.string(), made: z.string().transform(Number), count: z.bigint() }),
      })
      async *events() {
        yield { name: '', made: '1', count: 1n } as never;
      }
    }
    const { app, log } = await start([Partial]);
    const { schema, examples } = streamOf(documentOf(app), '/partial');
    expect(schema).toMatchObject({ properties: { name: { type: 'string' }, made: {}, count: { not: {} } } });
    // There is no event that could be sent.
    expect(examples).toBeUndefined();
    expect(warningsOf(log)).toEqual([
      expect.stringMatching(/Partial.*any JSON.*: transform/),
      expect.stringMatching(/Partial.*bigint cannot be sent as JSON/),
    ]);
  });

  it('show any JSON for a schema without a conversion, with one warning that names the reason', async () => {
    const schema: StandardSchema<unknown> = {
      '~standard': { version: 1, vendor: 'homemade', validate: (value: unknown) => ({ value }) },
    };

    @Controller('opaque')
    class Opaque {
      @SseRoute('a', { responseSchema: schema })
      async *a() {
        yield '';
      }

      @SseRoute('b', { responseSchema: { known: StockPrice, opaque: schema } })
      async *b() {
        yield { event: 'opaque' as const, data: '' };
      }
    }
    const { app, log } = await start([Opaque]);
    const document = documentOf(app);
    expect(streamOf(document, '/opaque/a')).toEqual({ schema: {} });
    expect(streamOf(document, '/opaque/b').schema).toEqual({});
    expect(Object.keys(streamOf(document, '/opaque/b').examples!)).toEqual(['known', 'end']);
    expect(operationOf(document, '/opaque/b').responses['200']!.description).toContain('| `opaque` | any JSON |');
    expect(warningsOf(log)).toEqual([expect.stringMatching(/Opaque.*any JSON.*homemade/)]);
  });
});
