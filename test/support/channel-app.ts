import { getChannelToken, SseModule, type SseChannel, type SseChannelOptions } from 'nestjs-sse-views';
import { closeApps, startApp, type Adapter, type TestApp, type TestAppOptions } from './app';
import { ChannelClient, type ChannelClientOptions } from './channel-client';

/** An application with one channel. */
export interface ChannelApp<T = unknown> extends TestApp {
  readonly channel: SseChannel<T>;
  connect(path: string, options?: ChannelClientOptions): ChannelClient;
}

export interface ChannelAppOptions extends TestAppOptions {
  /** Options of the channel, which is named `news` where they give no name. */
  channel?: Partial<SseChannelOptions>;
}

const clients = new Set<ChannelClient>();

/** Starts an application with one channel. The test file calls `closeChannelApps()` in `afterEach`. */
export async function startChannelApp<T = unknown>(
  adapter: Adapter,
  options: ChannelAppOptions,
): Promise<ChannelApp<T>> {
  const { channel = {}, imports = [], ...rest } = options;
  const name = channel.name ?? 'news';
  const app = await startApp(adapter, { ...rest, imports: [SseModule.forFeature([{ name, ...channel }]), ...imports] });
  return {
    ...app,
    channel: app.app.get<SseChannel<T>>(getChannelToken(name), { strict: false }),
    connect: (path, clientOptions) => {
      const client = new ChannelClient(app.port, path, clientOptions);
      clients.add(client);
      return client;
    },
  };
}

/** Closes what the tests of a file left open; clients first, for one that does not read would hold the end up. */
export async function closeChannelApps(): Promise<void> {
  for (const client of clients) {
    client.leave();
  }
  clients.clear();
  await closeApps();
}

/** Lets everything run that is due in this turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
