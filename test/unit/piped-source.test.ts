import { concat, finalize, map, merge, NEVER, Observable, repeat, shareReplay, take } from 'rxjs';
import type { SseMessage } from 'nestjs-sse-views';
import { PipedSource } from '../../src/stream/piped-source';

describe('what the operators of a pipe get', () => {
  let subscriptions = 0;
  let released = 0;
  let unread = 0;
  const failures: unknown[] = [];
  const messageOf = (data: unknown): SseMessage => {
    if (data === 'bad') {
      throw new Error('no message');
    }
    return { data };
  };

  const rest = {
    messageOf,
    onReleaseError: (error: unknown) => failures.push(error),
    releaseUnread: () => unread++,
  };

  /** A source that gives some values and stays open. */
  function pipedSource(...values: unknown[]): PipedSource<unknown> {
    const values$ = new Observable<unknown>((subscriber) => {
      subscriptions++;
      values.forEach((value) => subscriber.next(value));
      return () => released++;
    });
    return new PipedSource({ ...rest, values$ });
  }

  beforeEach(() => {
    subscriptions = 0;
    released = 0;
    unread = 0;
    failures.length = 0;
  });

  const record = (messages$: Observable<SseMessage>): unknown[] => {
    const seen: unknown[] = [];
    messages$.subscribe({
      next: ({ data }) => seen.push(data),
      error: (error: Error) => seen.push(error.message),
      complete: () => seen.push('complete'),
    });
    return seen;
  };

  it('completes with the stream wherever they keep it, and releases the source each time', () => {
    const source = pipedSource(1);
    const kept = record(source.messages$.pipe(shareReplay()));
    const merged = record(merge(source.messages$, source.messages$));
    expect([subscriptions, released]).toEqual([3, 0]);
    source.stop();
    expect([kept, merged]).toEqual([
      [1, 'complete'],
      [1, 1, 'complete'],
    ]);
    expect([subscriptions, released, unread]).toEqual([3, 3, 0]);
  });

  it('is released once when nobody has subscribed to it', () => {
    const source = pipedSource(1);
    source.stop();
    source.stop();
    expect([record(source.messages$), subscriptions, unread]).toEqual([[], 0, 1]);
  });

  it.each<[string, (messages$: Observable<SseMessage>) => Observable<SseMessage>]>([
    ['repeat()', repeat()],
    ['concat()', (messages$) => concat(messages$, messages$)],
  ])('does not begin again for %s when the stream has ended', (_name, operator) => {
    const source = pipedSource(1);
    const seen = record(source.messages$.pipe(operator));
    source.stop();
    expect([seen, subscriptions, released]).toEqual([[1], 1, 1]);
  });

  it('releases a source that gives everything at once when enough is taken', () => {
    const seen = record(pipedSource(1, 2, 3).messages$.pipe(take(1)));
    expect([seen, released, failures]).toEqual([[1, 'complete'], 1, []]);
  });

  it('fails, and releases the source, when no message can be made of a value', async () => {
    const seen = record(pipedSource(1, 'bad', 2).messages$);
    expect(released).toBe(1);
    await Promise.resolve();
    expect(seen).toEqual([1, 'no message']);
  });

  it('gives each error of a teardown once', () => {
    const broken = new Error('broken');
    const values$ = NEVER.pipe(
      finalize(() => {
        throw broken;
      }),
    );
    const source = new PipedSource({ ...rest, values$ });
    record(source.messages$.pipe(map((one) => one)));
    source.stop();
    source.stop();
    expect(failures).toEqual([expect.objectContaining({ errors: [broken] })]);
  });
});
