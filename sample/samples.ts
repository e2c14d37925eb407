import type { Type } from '@nestjs/common';
import { StockPricesModule } from './01-stock-prices/stock-prices.module';
import { ParcelsModule } from './02-typed-messages/parcels.module';
import { LiveSystemModule } from './03-live-system/live-system.module';
import { ImportModule } from './04-import/import.module';
import { NotificationsModule } from './05-notifications/notifications.module';
import { ChatRoomsModule } from './06-chat-rooms/chat-rooms.module';
import { DatabaseModule } from './08-database/database.module';

/** One sample: a folder with a module, and with a folder `page` that is served under the sample's name. */
export interface Sample {
  /** Name of the folder, and path of the page. */
  readonly folder: string;
  readonly module: Type;
  readonly title: string;
  /** What there is to see, in one line. */
  readonly shows: string;
  /** Method and path of the stream. */
  readonly route: string;
  /** What to type in a terminal. `{host}` stands for this server. */
  readonly curl: string;
}

/** A sample that is an application of its own. */
export interface SeparateSample {
  readonly folder: string;
  readonly title: string;
  readonly shows: string;
  /** What starts it. */
  readonly command: string;
}

/** The samples that this application does not have, for the start page. */
export const separateSamples: readonly SeparateSample[] = [
  {
    folder: '07-two-instances',
    title: 'Two instances',
    shows:
      'A channel over Redis: two instances behind one address, and a page that loses nothing when one of them is killed. ' +
      'It is an application of its own, and needs Redis or Docker.',
    command: 'npm run start:two',
  },
];

/** Every sample of this application, in the order of the start page. */
export const samples: readonly Sample[] = [
  {
    folder: '01-stock-prices',
    module: StockPricesModule,
    title: 'Stock prices',
    shows:
      'A view with a response schema, a query parameter, ids to resume from, and ordinary routes beside the streams.',
    route: 'GET /stocks',
    curl: 'curl -N "{host}/stocks?symbol=ACME"',
  },
  {
    folder: '02-typed-messages',
    module: ParcelsModule,
    title: 'Typed messages',
    shows: 'A parcel’s journey: class instances yielded as they are, each event named after its class, and an end.',
    route: 'GET /parcels/{code}/events',
    curl: 'curl -N {host}/parcels/PX-1042/events',
  },
  {
    folder: '03-live-system',
    module: LiveSystemModule,
    title: 'Live system',
    shows: 'The load and the memory of this machine, read once a second for all clients together.',
    route: 'GET /system',
    curl: 'curl -N {host}/system',
  },
  {
    folder: '04-import',
    module: ImportModule,
    title: 'Import',
    shows: 'A POST stream: rows in the body, progress for each of them, rejected rows as problems, and a summary.',
    route: 'POST /imports',
    curl: `curl -N {host}/imports -H "Content-Type: application/json" -d '{"rows":[{"sku":"TEA-001","name":"Green tea","price":4.5,"stock":12},{"sku":"tea"}]}'`,
  },
  {
    folder: '05-notifications',
    module: NotificationsModule,
    title: 'Notifications',
    shows: 'A channel: sent to every open page, resumed without a loss after an absence, with the number of people.',
    route: 'GET /notifications',
    curl: `curl {host}/notifications/send -H "Content-Type: application/json" -d '{"message":"Hello from a terminal"}'`,
  },
  {
    folder: '06-chat-rooms',
    module: ChatRoomsModule,
    title: 'Chat rooms',
    shows: 'A topic for each room, what was said lately, and a guard that keeps strangers out on reconnects, too.',
    route: 'GET /rooms/{room}/messages',
    curl: 'curl -N {host}/rooms/lobby/messages',
  },
  {
    folder: '08-database',
    module: DatabaseModule,
    title: 'Database',
    shows:
      'Rows of a table as they are written, by anybody: PostgreSQL or PGlite, LISTEN and a query, ids that resume.',
    route: 'GET /readings',
    curl: 'curl -N {host}/readings',
  },
];
