import { SseUnavailableError } from '../../src/channel/backplane.error';
import { MAX_WAITING, TopicTurns } from '../../src/channel/topic-turns';

/** Something that is ready when the test says so. */
const later = <T>(): { ready: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } => {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const ready = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { ready, resolve, reject };
};

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the turns of a topic', () => {
  it('come in the order of their calls, and those of other topics do not wait for them', async () => {
    const turns = new TopicTurns();
    const done: string[] = [];
    const first = later<string>();
    const work = (text: string): number => done.push(text);
    const all = [
      turns.take('a', first.ready, work),
      turns.take('a', 'second', work),
      turns.take('b', 'other topic', work),
      turns.take('a', Promise.resolve('third'), work),
    ];
    await settled();
    expect(done).toEqual(['other topic']);
    expect([turns.isFree('a'), turns.isFree('b')]).toEqual([false, true]);
    first.resolve('first');
    expect(await Promise.all(all)).toEqual([2, 3, 1, 4]);
    expect(done).toEqual(['other topic', 'first', 'second', 'third']);
    expect(turns.isFree('a')).toBe(true);
  });

  it('go on after one that failed, before or in its work', async () => {
    const turns = new TopicTurns();
    const first = later<string>();
    const failed = turns.take('a', first.ready, () => 'never');
    const thrown = turns.take('a', 'x', () => {
      throw new Error('in its work');
    });
    const next = turns.take('a', 'x', () => 'next');
    first.reject(new Error('not ready'));
    await expect(failed).rejects.toThrow('not ready');
    await expect(thrown).rejects.toThrow('in its work');
    expect(await next).toBe('next');
    expect(turns.isFree('a')).toBe(true);
  });

  it('do not wait for what the work before has started', async () => {
    const turns = new TopicTurns();
    const slow = later<string>();
    void turns.take('a', Promise.resolve(1), () => slow.ready);
    expect(await turns.take('a', 1, () => 'next')).toBe('next');
  });

  it('are bounded for each topic', async () => {
    const turns = new TopicTurns();
    const first = later<number>();
    const waiting = Array.from({ length: MAX_WAITING }, () => turns.take('a', first.ready, (one) => one));
    expect(() => turns.check('a')).toThrow(SseUnavailableError);
    expect(() => turns.check('a')).toThrow(
      '1000 publications to the topic "a" wait for their validation. Nothing was written. Publish more slowly, or make the schema faster',
    );
    expect(() => turns.check('b')).not.toThrow();
    first.resolve(1);
    await Promise.all(waiting);
    expect(() => turns.check('a')).not.toThrow();
  });
});
