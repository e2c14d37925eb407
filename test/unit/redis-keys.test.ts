import { digestOf } from '../../src/channel/key-digest';
import { keysOf } from '../../src/redis/redis-keys';

describe('the name in Redis of a publication', () => {
  const { publication } = keysOf('sse', 'news/user/42');

  it('shows a short key as it is', () => {
    expect(publication('order:1701')).toBe('sse:{news/user/42}:key:order:1701');
  });

  it('is short whatever key a client chooses', () => {
    for (const character of ['x', 'ß', '漢', '\u{1F600}']) {
      const longest = publication(character.repeat(256 / character.length));
      expect(Buffer.byteLength(longest)).toBeLessThan(80);
    }
  });

  it('is another one for each key, those of the length of a digest among them', () => {
    const long = 'x'.repeat(256);
    const keys = [
      long,
      `${long.slice(1)}y`,
      digestOf(long),
      'x'.repeat(40),
      'x'.repeat(41),
      '\ud800'.repeat(41),
      '\ud801'.repeat(41),
    ];
    expect(new Set(keys.map(publication)).size).toBe(keys.length);
  });
});
