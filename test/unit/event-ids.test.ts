import { encodeMessage } from '../../src/event/encode';
import { EncodedEvent } from '../../src/event/encoded-event';
import { sseEvent } from '../../src/event/made-event';
import type { SseMessage } from '../../src/event/sse-event';
import { toMessage } from '../../src/event/to-message';
import { EventIds, randomId } from '../../src/stream/event-ids';

const published = new EncodedEvent('event', 'id: p1\ndata: 1\n\n', { id: 'p1', data: 1 });

describe('EventIds', () => {
  it('give random ids until an event of a channel has passed, and those of the developer after it as well', () => {
    const [random, own] = [new EventIds(randomId), new EventIds(({ data }) => data as number)];
    const idsOf = (ids: EventIds): unknown[] => [1, published, 2].map((value) => ids.give(toMessage(value)).id);
    expect(idsOf(random)).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), 'p1', undefined]);
    expect(idsOf(own)).toEqual(['1', 'p1', '2']);
  });

  it('are not changed by ids that a handler gives, nor by events without data', () => {
    const ids = new EventIds(randomId);
    ids.give(toMessage({ data: 1, id: 'mine' }));
    expect(ids.give(toMessage(sseEvent({ comment: 'a' }))).id).toBeUndefined();
    expect(ids.give(toMessage(1)).id).toHaveLength(36);
  });

  it.each([NaN, Infinity, -Infinity])('are refused where they are %s, whoever gives them', (id) => {
    const refused = expect.objectContaining({ code: 'SSE_INVALID_FIELD', field: 'id' });
    expect(() => encodeMessage(new EventIds(() => id).give(toMessage(1)))).toThrow(refused);
    expect(() => encodeMessage(toMessage({ data: 1, id }))).toThrow(refused);
    expect(() => sseEvent({ data: 1, id })).toThrow(refused);
    expect(() => sseEvent({ raw: 'a', id })).toThrow(refused);
  });

  it('may be numbers that count', () => {
    const messages: SseMessage[] = [
      new EventIds(() => 7).give(toMessage(1)),
      toMessage({ data: 1, id: 7 }),
      toMessage(sseEvent({ data: 1, id: 7 })),
      toMessage(sseEvent({ raw: 'a', id: 7 })),
    ];
    expect(messages.map(({ id }) => id)).toEqual(['7', '7', '7', '7']);
  });
});
