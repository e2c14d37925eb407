/*
 * What generators of clients make of the documents: installed with the exact versions of `generated-clients/package.json`,
 * run on documents of every version of OpenAPI, compiled strictly, compared with the server's own types, and run.
 */
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AppModule } from '../../sample/app.module';
import { setupSseDocs } from '../../src/view/openapi/setup-sse-docs';
import { closeApps, startApp, type TestApp } from '../support/app';
import { describeWithRegistry } from '../support/registry';
import { assertionsFile, ClientProject, type DocumentToTry } from './generated-clients/client-project';
import { GENERATORS, type DocumentedStream } from './generated-clients/generators';
import { MarketModule, requests } from './generated-clients/market.module';
import { PROJECT } from './packed-library';

const execute = promisify(execFile);

const MINUTES = 60_000;
const VERSIONS = ['3.0', '3.1', '3.2'] as const;

const typesIn = (path: string, names: string): string => `import('${join(PROJECT, path)}').${names}`;
const ofMarket = (name: string): string => typesIn('test/package/generated-clients/market.data', name);
const zodOutput = (schema: string): string => `(typeof ${schema})['_zod']['output']`;
const union = (types: readonly string[]): string => types.join(' | ');

/** What a channel's stream says itself. */
const CHANNEL = ['SseStart', 'SseGap'].map((name) => typesIn('src/channel/channel-event', name));

const MARKET: readonly DocumentedStream[] = [
  { operationId: 'PricesView_events', data: ofMarket('Price') },
  {
    operationId: 'MarketView_events',
    data: union([ofMarket('Quote'), ofMarket('Halt'), zodOutput(ofMarket('Trade'))]),
  },
  { operationId: 'OthersController_trades', data: zodOutput(ofMarket('Trade')) },
  { operationId: 'OthersController_imports', data: zodOutput(ofMarket('Progress')) },
  { operationId: 'OthersController_lines', data: 'string' },
  { operationId: 'OthersController_ticks', data: 'number' },
];

const SAMPLE: readonly DocumentedStream[] = [
  { operationId: 'StockPricesView_events', data: typesIn('sample/01-stock-prices/stock-price.dto', 'StockPrice') },
  { operationId: 'StockPricesView_halts', data: typesIn('sample/01-stock-prices/stock-price.dto', 'TradingHalt') },
  { operationId: 'ParcelsView_events', data: typesIn('sample/02-typed-messages/parcel-messages', 'AnyParcelMessage') },
  { operationId: 'LiveSystemView_events', data: typesIn('sample/03-live-system/system-reading', 'SystemReading') },
  {
    operationId: 'ImportController_import',
    data: union(
      ['ImportProgress', 'RejectedRow', 'ImportSummary'].map((name) => typesIn('sample/04-import/import.events', name)),
    ),
  },
  {
    operationId: 'NotificationsView_events',
    data: union([
      ...['Connected', 'People', 'Notification'].map((name) =>
        typesIn('sample/05-notifications/notification.events', name),
      ),
      ...CHANNEL,
    ]),
  },
  {
    operationId: 'RoomMessagesView_events',
    data: union([
      ...['RoomMessage', 'MemberChange'].map((name) => typesIn('sample/06-chat-rooms/room.events', name)),
      ...CHANNEL,
    ]),
  },
];

describeWithRegistry('Generated clients', () => {
  let project: ClientProject;
  let market: TestApp;
  let documents: readonly DocumentToTry[];
  let findings: readonly string[];

  beforeAll(async () => {
    market = await startApp('express', { imports: [MarketModule] });
    const sample = await NestFactory.create(AppModule, { preview: true, logger: false, abortOnError: false });
    documents = [
      ...VERSIONS.flatMap((version) => [
        { name: `market-${version}`, document: documentOf(market.app, version), streams: MARKET },
        { name: `sample-${version}`, document: documentOf(sample, version), streams: SAMPLE },
      ]),
      {
        name: 'market-item-schema-only',
        document: documentOf(market.app, '3.2', true),
        streams: MARKET,
        itemSchemaOnly: true,
      },
    ];
    project = await ClientProject.create();
    await project.generate(documents);
    findings = await project.findings(documents);
    await project.compileBeside(
      VERSIONS.map((version) => `market-${version}`),
      'hey-api-client.ts',
    );
  }, 10 * MINUTES);

  afterAll(async () => {
    await closeApps();
    await project?.remove();
  }, MINUTES);

  const named = (name: string): DocumentToTry => documents.find((document) => document.name === name)!;

  describe.each(GENERATORS)('of $name', (generator) => {
    it.each(VERSIONS)('have the data’s own types, unions included, from OpenAPI %s', (version) => {
      for (const document of [named(`market-${version}`), named(`sample-${version}`)]) {
        const file = assertionsFile(document, generator);
        expect(findings.filter((finding) => finding.startsWith(file))).toEqual([]);
      }
    });

    it('know nothing of the data where a document has itemSchema alone', () => {
      const file = assertionsFile(named('market-item-schema-only'), generator);
      expect(findings.filter((finding) => finding.startsWith(file))).toEqual([]);
    });
  });

  it('of orval leave out the 200 where a document has itemSchema alone', async () => {
    const clientOf = (document: string): Promise<string> => project.read(`clients/${document}/orval/client.ts`);
    expect(await clientOf('market-3.2')).toContain('type pricesViewEventsResponse200 =');
    expect(await clientOf('market-item-schema-only')).not.toContain('pricesViewEventsResponse200');
  });

  it('compile strictly', () => {
    expect(findings).toEqual([]);
  });

  describe.each(VERSIONS)('of hey-api for OpenAPI %s, compiled and run against the server', (version) => {
    const follow = async (what: string): Promise<unknown> => {
      const client = project.compiled(`market-${version}`, 'hey-api-client.ts');
      // A client that never stops is ended.
      const { stdout } = await execute(process.execPath, [client, market.url, what], { timeout: MINUTES });
      return JSON.parse(stdout) as unknown;
    };

    it(
      'yield the data of each event',
      async () => {
        expect(await follow('prices')).toEqual({ seen: ['ACME 1.00 buy -', 'ACME 2.00 sell 10'] });
      },
      2 * MINUTES,
    );

    it(
      'tell the data of a union apart by a literal',
      async () => {
        expect(await follow('market')).toEqual({ seen: ['quote 1.0', 'trade 2 no note', 'halt VOLATILITY'] });
      },
      2 * MINUTES,
    );

    it(
      'open a stream by POST with a body',
      async () => {
        expect(await follow('imports')).toEqual({ seen: ['1 done, 0 failed', '2 done, 0 failed'] });
      },
      2 * MINUTES,
    );

    it(
      'yield text',
      async () => {
        expect(await follow('lines')).toEqual({ seen: ['FIRST LINE'] });
      },
      2 * MINUTES,
    );

    it(
      'leave an endless stream by their signal',
      async () => {
        expect(await follow('ticks')).toEqual({ seen: ['0', '1'] });
      },
      2 * MINUTES,
    );

    it(
      'stop after so many attempts at a stream that is not there, and say why',
      async () => {
        const before = requests.prices;
        expect(await follow('missing')).toEqual({ error: 'Error: SSE failed: 404 Not Found' });
        expect(requests.prices - before).toBe(3);
      },
      2 * MINUTES,
    );
  });
});

function documentOf(app: INestApplication, version: string, itemSchemaOnly = false): object {
  const config = new DocumentBuilder().setTitle('Streams').setOpenAPIVersion(`${version}.0`).build();
  return setupSseDocs(SwaggerModule.createDocument(app, config), { itemSchemaOnly });
}
