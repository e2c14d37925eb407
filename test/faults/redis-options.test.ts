import { SseConfigurationError } from '../../src/event/sse.error';
import { redisBackplane } from '../../src/redis/redis-backplane';
import { keysOf } from '../../src/redis/redis-keys';
import type { RedisBackplaneOptions } from '../../src/redis/redis-options';
import { readPosition } from '../../src/redis/redis-position';

const client = { duplicate: () => client, subscribe: () => undefined };

describe('the options of redisBackplane()', () => {
  it.each<RedisBackplaneOptions>([
    {},
    { url: 'redis://user:secret@redis.example:6380/2' },
    { url: 'rediss://[::1]:6380' },
    { url: 'unix://user:secret@/run/redis.sock' },
    { clientOptions: { socket: { host: 'redis.example', tls: true } }, prefix: 'shop:sse-2' },
    { client, dedupeWindow: 1_000, commandTimeout: 50, heartbeat: 100, forgetAfter: 60_000 },
    { url: undefined, client },
  ])('accepts %j', (options) => {
    expect(() => redisBackplane(options)).not.toThrow();
  });

  it.each<[string, object]>([
    ['there is no option "host"', { host: 'localhost' }],
    ['url must be a URL that begins with redis://', { url: 'http://localhost' }],
    ['url must be', { url: 'redis://local host' }],
    ['clientOptions must be an object', { clientOptions: 'redis://localhost' }],
    ['client must be a client of the package redis', { client: { publish: () => undefined } }],
    ['client must be a client of the package redis', { client: null }],
    ['client must be a client of the package redis', { client: { ...client, slots: [] } }],
    ['prefix must be 1 to 64', { prefix: '{tag}' }],
    ['prefix must be 1 to 64', { prefix: '' }],
    ['dedupeWindow must be a whole number of milliseconds from 1000, not 999', { dedupeWindow: 999 }],
    ['commandTimeout must be', { commandTimeout: Infinity }],
    ['heartbeat must be', { heartbeat: '5s' }],
    ['forgetAfter must be a whole number of milliseconds from 60000', { forgetAfter: 1_000 }],
    ['a client has its own options', { client, url: 'redis://localhost' }],
    ['a client has its own options', { client, clientOptions: {} }],
  ])('says %j', (message, options) => {
    expect(() => redisBackplane(options)).toThrow(SseConfigurationError);
    expect(() => redisBackplane(options)).toThrow(message);
  });

  it('shows no password in an error', () => {
    expect(() => redisBackplane({ url: 'reddis://:secret@localhost' })).not.toThrow(/secret/);
    expect(() => redisBackplane({ url: 'reddis://:secret@localhost' })).toThrow(/url must be/);
  });

  it('are capabilities where they promise something', () => {
    expect(redisBackplane({ dedupeWindow: 5_000 }).capabilities).toEqual({
      survives: 'engine-restart',
      dedupeWindow: 5_000,
      exactGaps: true,
    });
  });
});

describe('the names of keys', () => {
  it('of two topics never meet, whatever the topics contain', () => {
    const topics = ['a', 'a:b', '{a}', '%7Ba%7D', '{a', 'a}', '}', '%', '%25', 'a{b}c', ''];
    const names = topics.flatMap((topic) => {
      const keys = keysOf('sse', topic);
      return [keys.stream, keys.meta, keys.publication('x'), keys.publication('x:stream')];
    });
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('a position that a client sends', () => {
  it.each([
    '',
    'abcdefgh.1.1-1 ',
    ' abcdefgh.1.1-1',
    'abcdefgh.1.1-1\n',
    'ABCDEFGH.1.1-1',
    'abcdefg.1.1-1',
    'abcdefgh.01.1-1',
    'abcdefgh.1.1-01',
    'abcdefgh.-1.1-1',
    'abcdefgh.1e3.1-1',
    'abcdefgh.1.1',
    'abcdefgh.1.1-+',
    'abcdefgh.1.(1-1',
    'abcdefgh.1.1-18446744073709551615',
    `abcdefgh.${'9'.repeat(16)}.1-1`,
    '1'.repeat(1_000_000),
  ])('is none: %#', (text) => {
    expect(readPosition(text)).toBeUndefined();
  });

  it('is read back as it was given', () => {
    for (const likelyLife of [undefined, '0a1b2c3d', 'another1']) {
      expect(readPosition('0a1b2c3d.42.1763728800123-7', likelyLife)).toMatchObject({
        text: '0a1b2c3d.42.1763728800123-7',
        life: '0a1b2c3d',
        n: 42,
        id: '1763728800123-7',
      });
    }
  });
});
