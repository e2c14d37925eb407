import { execFileSync } from 'node:child_process';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { createClient } from 'redis';
import { DEFAULT_HISTORY, type Backplane } from '../../src/channel/backplane';
import { redisBackplane, type RedisBackplane } from '../../src/redis/redis-backplane';
import type { RedisBackplaneOptions } from '../../src/redis/redis-options';
import { SCRIPTS } from '../../src/redis/redis-scripts';
import { DeliveryReader } from '../../src/testing/backplane/delivery-reader';
import { SeededRandom } from '../../src/testing/backplane/seeded-random';
import { redisCommands, type RedisCommands } from '../support/redis-commands';
import { describeWithRedis, RedisServer } from '../support/redis-server';
import { SELF_SIGNED } from '../support/self-signed';
import { TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';

const LIMIT = 10_000;
jest.setTimeout(60_000);

describeWithRedis('the connection of the Redis backplane', () => {
  let server: RedisServer;
  let commands: RedisCommands;
  let proxy: TcpProxy;
  const opened: { close(): Promise<void> }[] = [];
  let topics = 0;

  /** An instance that has been started, through the proxy unless it is told otherwise. */
  const open = async (options: RedisBackplaneOptions = {}): Promise<RedisBackplane> => {
    const isElsewhere = options.url !== undefined || options.client !== undefined;
    const backplane = redisBackplane(isElsewhere ? options : { url: `redis://127.0.0.1:${proxy.port}`, ...options });
    opened.push(backplane);
    await backplane.start();
    return backplane;
  };
  const read = (backplane: Backplane, topic: string): DeliveryReader =>
    new DeliveryReader(backplane, topic, { limit: LIMIT });
  const topic = (): string => `connection/${topics++}`;
  const clients = async (): Promise<string[]> =>
    (await commands.sendCommand<string>(['CLIENT', 'LIST'])).trim().split('\n');
  /** Publishes and receives, which takes both connections. */
  const expectToWork = async (backplane: Backplane): Promise<void> => {
    const name = topic();
    const reader = read(backplane, name);
    await reader.start();
    await backplane.publish(name, 'one', { key: 'one' });
    await reader.payloads(['one']);
    reader.leave();
    const later = new DeliveryReader(backplane, name, { limit: LIMIT, from: 'oldest' });
    await later.start();
    await later.payloads(['one']);
    later.leave();
  };

  beforeAll(async () => {
    Logger.overrideLogger(false);
    server = await RedisServer.start();
    commands = await redisCommands(server.url);
  });

  beforeEach(async () => {
    proxy = await TcpProxy.start({ target: server.path });
  });

  afterEach(async () => {
    for (const each of opened.splice(0)) {
      await each.close();
    }
    await proxy.close();
  });

  afterAll(async () => {
    commands?.destroy();
    await server?.stop();
  });

  it('are two, whatever the number of topics and readers, and none after close()', async () => {
    const before = (await clients()).length;
    const backplane = await open();
    const readers = Array.from({ length: 200 }, (_, index) => [
      read(backplane, `many/${index}`),
      read(backplane, `many/${index}`),
    ]).flat();
    await Promise.all(readers.map((reader) => reader.start()));
    await Promise.all(readers.map((_, index) => backplane.publish(`many/${index % 200}`, 'event')));
    await Promise.all(readers.map((reader) => reader.payloads(['event', 'event'])));
    expect((await clients()).length).toBe(before + 2);
    expect(proxy.connections).toBe(2);
    await backplane.close();
    await until(() => proxy.connections === 0);
    expect((await clients()).length).toBe(before);
  });

  it('listen to a topic only while somebody reads it', async () => {
    const backplane = await open();
    const name = topic();
    const [one, other] = [read(backplane, name), read(backplane, name)];
    const listeners = async (): Promise<string[]> => commands.pubSubChannels('sse:{connection/*');
    await one.start();
    await other.start();
    expect(await listeners()).toEqual([`sse:{${name}}:stream`]);
    one.leave();
    await backplane.publish(name, 'still');
    await other.payloads(['still']);
    other.leave();
    await backplane.ping();
    expect(await listeners()).toEqual([]);
    const again = read(backplane, name);
    await again.start();
    await backplane.publish(name, 'again');
    await again.payloads(['again']);
    again.leave();
  });

  it('hear a topic that was left and joined again and again before Redis had answered', async () => {
    const backplane = await open();
    const random = new SeededRandom(5);
    proxy.delay = 20;
    const readers = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const name = `flapping/${index}`;
        for (let left = 0; left < 6; left++) {
          const reader = read(backplane, name);
          void reader.watch().catch(() => undefined);
          await sleep(random.below(40));
          reader.leave();
          await sleep(random.below(20));
        }
        const reader = read(backplane, name);
        await reader.start();
        return reader;
      }),
    );
    proxy.delay = 0;
    // Those that left are through.
    await backplane.ping();
    await Promise.all(readers.map(({ topic: name }) => backplane.publish(name, 'heard')));
    const heard = await Promise.all(readers.map((reader) => reader.payloads(['heard'])));
    expect(heard).toHaveLength(60);
    readers.forEach((reader) => reader.leave());
  });

  it('carry what is published in one turn in one call, of which each has its own outcome', async () => {
    const backplane = await open();
    const [one, other, taken] = [topic(), topic(), topic()] as const;
    const readers = [read(backplane, one), read(backplane, other)] as const;
    await Promise.all(readers.map((reader) => reader.start()));
    await commands.set(`sse:{${taken}}:stream`, 'of another program');
    await commands.configResetStat();
    const outcomes = await Promise.allSettled([
      backplane.publish(one, 'one 1'),
      backplane.publish(taken, 'refused'),
      backplane.publish(other, 'other 1'),
      backplane.publish(one, 'one 2'),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({
      reason: { code: 'SSE_UNAVAILABLE', message: expect.stringContaining('WRONGTYPE') },
    });
    expect(await commands.info('commandstats')).toMatch(/cmdstat_evalsha:calls=1,/);
    await readers[0].payloads(['one 1', 'one 2']);
    await readers[1].payloads(['other 1']);
    const positions = outcomes.map((outcome) => 'value' in outcome && outcome.value.position);
    expect([positions[3], positions[2]]).toEqual(readers.map(({ position }) => position));
    readers.forEach((reader) => reader.leave());
  });

  it('keep what is written beside topics of another program, and beside one whose channel is forbidden', async () => {
    const names = ['good', 'list', 'text', 'mute', 'also-good'];
    const [good, list, text, mute, alsoGood] = names.map((name) => `mixed/${name}`) as [string, ...string[]];
    await commands.rPush(`sse:{${list}}:meta`, 'of another program');
    await commands.set(`sse:{${text}}:meta`, 'of another program');
    const channels = names.filter((name) => name !== 'mute').map((name) => `&sse:{mixed/${name}}:stream`);
    await commands.sendCommand(
      ['ACL', 'SETUSER', 'mixed', 'on', '>secret', '~*', '+@all', 'resetchannels'].concat(channels),
    );
    const backplane = await open({ clientOptions: { username: 'mixed', password: 'secret' } });
    const all = names.map((name) => `mixed/${name}`);
    for (const round of [1, 2]) {
      const outcomes = await Promise.all(
        all.map(async (name) => backplane.publish(name, `event ${round}`).then(() => '', String)),
      );
      const expected = ['', 'WRONGTYPE', 'holds something else', "can't publish to the channel", ''];
      outcomes.forEach((outcome, index) => expect(outcome).toContain(expected[index]));
      expect(outcomes.filter((outcome) => outcome === '')).toHaveLength(2);
    }
    expect(await commands.lRange(`sse:{${list}}:meta`, 0, -1)).toEqual(['of another program']);
    expect(await commands.get(`sse:{${text}}:meta`)).toBe('of another program');
    expect(await commands.exists([`sse:{${list}}:stream`, `sse:{${text}}:stream`])).toBe(0);
    const other = await open();
    for (const name of [good, mute!, alsoGood!]) {
      await other.publish(name, 'event 3');
      const reader = new DeliveryReader(other, name, { limit: LIMIT, from: 'oldest' });
      await reader.start();
      await reader.payloads(['event 1', 'event 2', 'event 3']);
      reader.leave();
    }
  });

  it('keep the order of publications with and without keys, of a key that comes twice and of many in one turn', async () => {
    const backplane = await open();
    const name = topic();
    const reader = read(backplane, name);
    await reader.start();
    const payloads = Array.from({ length: 300 }, (_, index) => `event ${index}`);
    const published = await Promise.all(
      payloads.map((payload, index) => backplane.publish(name, payload, index % 7 < 3 ? { key: `${index}` } : {})),
    );
    expect((await reader.payloads(payloads)).map(({ position }) => position)).toEqual(
      published.map(({ position }) => position),
    );
    const twice = await Promise.all(
      ['first', 'second'].map((payload) => backplane.publish(name, payload, { key: 'k' })),
    );
    expect(twice.map(({ duplicate }) => duplicate)).toEqual([false, true]);
    expect(twice[0]!.position).toBe(twice[1]!.position);
    await reader.payloads(['first']);
    reader.leave();
  });

  it('go on after SCRIPT FLUSH: nothing is lost, in the order of the calls', async () => {
    const backplane = await open();
    const name = topic();
    const reader = read(backplane, name);
    await reader.start();
    await commands.scriptFlush();
    const payloads = Array.from({ length: 50 }, (_, index) => `event ${index}`);
    await Promise.all(payloads.map((payload) => backplane.publish(name, payload)));
    await reader.payloads(payloads);
    await commands.scriptFlush();
    const later = new DeliveryReader(backplane, name, { limit: LIMIT, from: 'oldest' });
    await later.start();
    expect((await later.payloads(payloads)).length).toBe(50);
  });

  it('are found broken when Redis has been emptied under them', async () => {
    const backplane = await open({ heartbeat: 200 });
    const name = topic();
    const reader = read(backplane, name);
    await reader.start();
    await backplane.publish(name, 'before');
    await reader.payloads(['before']);
    await commands.flushAll();
    expect(await reader.gap()).toMatchObject({ reason: 'reset' });
    await backplane.publish(name, 'after').catch(() => backplane.publish(name, 'after'));
    await reader.payloads(['after']);
  });

  it('say how they are: a number while Redis answers, an error while it does not', async () => {
    const backplane = await open({ commandTimeout: 300, heartbeat: 600 });
    await until(() => backplane.state === 'live');
    expect(await backplane.ping()).toBeGreaterThan(0);
    proxy.isolate();
    await until(() => backplane.state === 'stale');
    await expect(backplane.ping()).rejects.toMatchObject({ code: 'SSE_UNAVAILABLE' });
    proxy.heal();
    await until(() => backplane.state === 'live');
    proxy.halfOpen();
    await expect(backplane.ping()).rejects.toMatchObject({ code: 'SSE_UNAVAILABLE' });
    await until(() => backplane.state === 'stale');
    await until(() => backplane.state === 'live');
    expect(await backplane.ping()).toBeGreaterThan(0);
    await backplane.close();
    expect(backplane.state).toBe('stale');
    await expect(backplane.ping()).rejects.toMatchObject({ code: 'SSE_CLOSED' });
  });

  it('tell within the heartbeat that nothing comes through, and what was under way is unknown', async () => {
    const backplane = await open({ heartbeat: 400 });
    const reader = read(backplane, topic());
    await reader.start();
    const watching = reader.watch();
    proxy.halfOpen();
    const outcome = backplane.publish(topic(), 'on its way').then(
      () => 'written',
      ({ code }: { code: string }) => code,
    );
    await until(() => reader.states.includes('stale'));
    expect(await outcome).toBe('SSE_OUTCOME_UNKNOWN');
    await until(() => reader.states.includes('live'));
    expect(reader.states).toEqual(['stale', 'live']);
    reader.leave();
    await watching;
  });

  it('give an answer up that does not come in time: a publication is unknown, a new reader unavailable', async () => {
    const backplane = await open({ commandTimeout: 200, heartbeat: 60_000 });
    // On a busy machine the first attempt may take longer than that.
    await until(() => backplane.state === 'live');
    proxy.halfOpen();
    await expect(backplane.publish(topic(), 'event')).rejects.toMatchObject({ code: 'SSE_OUTCOME_UNKNOWN' });
    const { signal } = new AbortController();
    const reader = backplane.subscribe(topic(), { signal, maxBuffered: 1 })[Symbol.asyncIterator]();
    await expect(reader.next()).rejects.toMatchObject({ code: 'SSE_UNAVAILABLE' });
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  it('give a publication up when its signal aborts, and it is unknown', async () => {
    const backplane = await open();
    const abort = new AbortController();
    proxy.halfOpen();
    const publication = backplane.publish(topic(), 'event', { signal: abort.signal });
    abort.abort(new Error('no time'));
    await expect(publication).rejects.toMatchObject({ code: 'SSE_OUTCOME_UNKNOWN' });
    await expect(backplane.publish(topic(), 'event', { signal: abort.signal })).rejects.toThrow('no time');
  });

  it('answer at once while Redis is away, to new readers, too; those that began stay', async () => {
    const backplane = await open();
    const name = topic();
    const began = read(backplane, name);
    await began.start();
    proxy.isolate();
    await until(() => backplane.state === 'stale');
    const before = performance.now();
    for (let time = 0; time < 100; time++) {
      await expect(backplane.publish(name, 'event')).rejects.toMatchObject({ code: 'SSE_UNAVAILABLE' });
      await expect(read(backplane, name).start()).rejects.toMatchObject({ code: 'SSE_UNAVAILABLE' });
    }
    expect(performance.now() - before).toBeLessThan(3_000);
    proxy.heal();
    await until(() => backplane.state === 'live');
    await backplane.publish(name, 'event');
    await began.payloads(['event']);
  });

  it('wait for a Redis that is away when the application starts, and for close() no longer', async () => {
    proxy.isolate();
    const backplane = await open();
    expect(backplane.state).toBe('stale');
    proxy.heal();
    await until(() => backplane.state === 'live');
    await expectToWork(backplane);

    proxy.isolate();
    const other = await open();
    await Promise.all([backplane.close(), other.close()]);
    proxy.heal();
    await expectToWork(await open());
    expect(proxy.connections).toBe(2);
  });

  it('do not wait for ever for a server that accepts and says nothing', async () => {
    const silent: Server = createServer((socket) => socket.resume());
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const backplane = await open({ url: `redis://127.0.0.1:${port}`, commandTimeout: 100 });
    expect(backplane.state).toBe('stale');
    await backplane.close();
    silent.close();
    await once(silent, 'close');
  });

  it('finish what is under way before they close, for as long as they are told', async () => {
    const backplane = await open();
    const name = topic();
    const publications = Array.from({ length: 20 }, (_, index) => backplane.publish(name, `event ${index}`));
    // As soon as they are answered, however long it might have waited: a test has less time.
    await backplane.close({ drain: 600_000 });
    expect((await Promise.all(publications)).length).toBe(20);

    const cut = await open();
    proxy.halfOpen();
    const [outcome] = await Promise.allSettled([cut.publish(name, 'event'), cut.close({ drain: 50 })]);
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'SSE_OUTCOME_UNKNOWN' } });
  });

  it('are those of a client of your own, which is neither used nor closed', async () => {
    for (const RESP of [2, 3] as const) {
      const own = createClient({ url: server.url, name: 'mine', RESP, commandOptions: { timeout: 1 } });
      own.on('error', () => undefined);
      const backplane = await open({ client: own });
      expect(own.isOpen).toBe(false);
      await expectToWork(backplane);
      await own.connect();
      expect((await clients()).filter((line) => line.includes(' name=mine ')).length).toBe(3);
      await backplane.close();
      expect(await own.ping()).toBe('PONG');
      own.destroy();
    }
  });

  it('are told apart from the application by `clientOptions`, in a database of their own', async () => {
    const backplane = await open({ clientOptions: { name: 'sse-test', database: 3 }, prefix: 'other' });
    await expectToWork(backplane);
    const lines = (await clients()).filter((line) => line.includes(' name=sse-test '));
    expect(lines.map((line) => / db=(\d+)/.exec(line)![1])).toEqual(['3', '3']);
  });

  it('say at the start, and by name, what clientOptions cannot work', async () => {
    const backplane = redisBackplane({
      url: server.url,
      clientOptions: { RESP: 2, socket: { tls: true } },
    });
    await expect(backplane.start()).rejects.toMatchObject({
      code: 'SSE_INVALID_CONFIGURATION',
      message: expect.stringContaining('tls'),
    });
  });

  it('are not had without the package redis, and the error says how to get it', () => {
    const script = `
      const Module = require('node:module');
      const load = Module._load;
      Module._load = function (name, ...rest) {
        if (name === 'redis') {
          throw Object.assign(new Error("Cannot find module 'redis'"), { code: 'MODULE_NOT_FOUND' });
        }
        return load.call(this, name, ...rest);
      };
      process.chdir('/');
      const { redisBackplane } = require(${JSON.stringify(require.resolve('../../src/redis/redis-backplane'))});
      redisBackplane().start().catch(({ code, message }) => console.log(code + ' ' + message));
    `;
    const register = require.resolve('../support/run-typescript.js');
    const output = execFileSync(process.execPath, ['--require', register, '--eval', script], { encoding: 'utf8' });
    expect(output.trim()).toBe('SSE_PACKAGE_MISSING redisBackplane() needs redis. Install with: npm install redis');
  });

  it('tell a reply of Redis from a connection that broke: nothing was written', async () => {
    const backplane = await open();
    const name = topic();
    const reader = read(backplane, name);
    await reader.start();
    await commands.configSet('maxmemory', '1');
    try {
      for (const each of [name, topic()]) {
        await expect(backplane.publish(each, 'too much', { key: 'key' })).rejects.toMatchObject({
          code: 'SSE_UNAVAILABLE',
          message: expect.stringContaining('OOM'),
        });
      }
      await read(await open(), name).start();
    } finally {
      await commands.configSet('maxmemory', '0');
    }
    expect(backplane.state).toBe('live');
    await backplane.publish(name, 'enough');
    await reader.payloads(['enough']);

    const strange = topic();
    await commands.set(`sse:{${strange}}:meta`, 'of another program');
    await expect(backplane.publish(strange, 'event')).rejects.toMatchObject({ code: 'SSE_UNAVAILABLE' });
    expect(await commands.exists(`sse:{${strange}}:stream`)).toBe(0);
    const taken = topic();
    await backplane.publish(taken, 'event');
    await commands.set(`sse:{${taken}}:stream`, 'of another program');
    await expect(backplane.publish(taken, 'event')).rejects.toMatchObject({ code: 'SSE_UNAVAILABLE' });
    const late = new DeliveryReader(backplane, taken, { limit: LIMIT, from: 'oldest' });
    await expect(late.start()).rejects.toMatchObject({
      code: 'SSE_UNAVAILABLE',
      message: expect.stringContaining('WRONGTYPE'),
    });
    expect(backplane.state).toBe('live');
  });

  it('look for the master when Redis has become a replica', async () => {
    const backplane = await open();
    const name = topic();
    const reader = read(backplane, name);
    await reader.start();
    const watching = reader.watch();
    await commands.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    try {
      await expect(backplane.publish(name, 'to a replica')).rejects.toMatchObject({ code: 'SSE_UNAVAILABLE' });
      await until(() => reader.states.includes('stale'));
    } finally {
      await commands.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    }
    await until(() => backplane.state === 'live', 20_000);
    await backplane.publish(name, 'to the master');
    await watching;
    await reader.payloads(['to the master']);
  });

  it('take credentials, of an ACL user that may do no more than it must', async () => {
    const may =
      '+@connection +get +mget +set +mset +setrange +eval +evalsha +script|load +publish +subscribe +unsubscribe ' +
      '+xadd +xrange +xrevrange +xtrim +time +pexpire';
    const rules = `on >secret resetkeys ~app:* resetchannels &app:* -@all ${may}`.split(' ');
    await commands.sendCommand(['ACL', 'SETUSER', 'streams', ...rules]);
    const backplane = await open({ prefix: 'app', clientOptions: { username: 'streams', password: 'secret' } });
    expect(backplane.state).toBe('live');
    await expectToWork(backplane);
    // Another branch of the scripts for each: the second in a topic, a repetition, one that trims.
    const history = { ...DEFAULT_HISTORY, maxEvents: 2 };
    const first = await backplane.publish('acl', 'first', { key: 'first', history });
    expect(await backplane.publish('acl', 'first', { key: 'first', history })).toEqual({ ...first, duplicate: true });
    for (let n = 0; n < 40; n++) {
      await backplane.publish('acl', `${n}`, { history });
    }

    const wrong = redisBackplane({ url: `redis://streams:wrong@127.0.0.1:${proxy.port}` });
    await expect(wrong.start()).rejects.toMatchObject({
      code: 'SSE_INVALID_CONFIGURATION',
      message: expect.stringContaining('WRONGPASS'),
    });
    const elsewhere = redisBackplane({ url: `redis://streams:secret@127.0.0.1:${proxy.port}`, prefix: 'not-mine' });
    await expect(elsewhere.start()).rejects.toMatchObject({
      code: 'SSE_INVALID_CONFIGURATION',
      message: expect.stringContaining('NOPERM'),
    });
    await until(() => proxy.connections === 2);
  });

  it('take a password in the URL, and say when one is needed', async () => {
    const guarded = await RedisServer.start({ isPersistent: false, args: ['--requirepass', 'p@ss word'] });
    const way = await TcpProxy.start({ target: guarded.path });
    try {
      const backplane = await open({ url: `redis://:${encodeURIComponent('p@ss word')}@127.0.0.1:${way.port}` });
      expect(backplane.state).toBe('live');
      await expectToWork(backplane);
      await backplane.close();
      await expect(redisBackplane({ url: `redis://127.0.0.1:${way.port}` }).start()).rejects.toMatchObject({
        code: 'SSE_INVALID_CONFIGURATION',
        message: expect.stringContaining('NOAUTH'),
      });
    } finally {
      await way.close();
      await guarded.stop();
    }
  });

  it('are encrypted where the URL says so, and know whom they talk to', async () => {
    const { key, cert } = SELF_SIGNED;
    const secured = await RedisServer.startOnFreePort({ key, cert }, (port) =>
      `--tls-port ${port} --tls-auth-clients no --tls-key-file key --tls-cert-file cert --tls-ca-cert-file cert`.split(
        ' ',
      ),
    );
    try {
      const socket = { ca: SELF_SIGNED.cert, servername: 'localhost' };
      const backplane = await open({
        url: `rediss://127.0.0.1:${secured.port}`,
        clientOptions: { socket },
      });
      expect(backplane.state).toBe('live');
      await expectToWork(backplane);
      await backplane.close();

      const unknown = await open({ url: `rediss://127.0.0.1:${secured.port}` });
      expect(unknown.state).toBe('stale');
      await expect(unknown.publish(topic(), 'event')).rejects.toMatchObject({
        code: 'SSE_UNAVAILABLE',
        message: expect.stringContaining('self-signed'),
      });
      await unknown.close();
    } finally {
      await secured.stop();
    }
  });

  it('are reported once when they break, and once when they stand again', async () => {
    const said: string[] = [];
    const say = (message: string): void => void said.push(message);
    Logger.overrideLogger({ log: say, warn: say, error: say });
    try {
      const backplane = await open();
      proxy.isolate();
      await until(() => backplane.state === 'stale');
      const other = await open();
      expect(other.state).toBe('stale');
      await other.close();
      proxy.heal();
      await until(() => backplane.state === 'live');
      const away = expect.stringMatching(/^Redis is temporarily unavailable; the backplane retries: ./) as string;
      expect(said).toEqual([away, away, 'Redis is available again']);
      await backplane.close();
      expect(said.length).toBe(3);
    } finally {
      Logger.overrideLogger(false);
    }
  });

  it('load every script that they run', async () => {
    await commands.scriptFlush();
    await open();
    expect(await commands.scriptExists(SCRIPTS.map(({ sha }) => sha))).toEqual(SCRIPTS.map(() => 1));
  });
});
