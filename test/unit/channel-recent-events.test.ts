import { RecentEvents } from '../../src/channel/recent-events';
import { TopicEvent } from '../../src/channel/topic-event';

const event = (n: number, length = 1): TopicEvent => new TopicEvent(`p.${n}`, `data: ${'1'.repeat(length)}\n\n`);
const positions = (events: readonly TopicEvent[] | undefined): string[] | undefined =>
  events?.map(({ position }) => position);

describe('the events that came lately in a topic', () => {
  it('are those after any position among them, and none after the newest', () => {
    const recent = new RecentEvents();
    recent.record('p.0');
    recent.add(event(1));
    recent.add(event(2));
    // It has begun already.
    recent.record('p.2');
    recent.add(event(3));
    expect(positions(recent.after('p.0'))).toEqual(['p.1', 'p.2', 'p.3']);
    expect(positions(recent.after('p.2'))).toEqual(['p.3']);
    expect(positions(recent.after('p.3'))).toEqual([]);
    expect(recent.after('p.4')).toBeUndefined();
    expect(recent.after('__proto__')).toBeUndefined();
  });

  it('are none when they are forgotten, and begin anew at another position', () => {
    const recent = new RecentEvents();
    recent.record('p.0');
    recent.add(event(1));
    recent.clear();
    expect(recent.after('p.1')).toBeUndefined();
    recent.record('q.5');
    expect(recent.after('p.1')).toBeUndefined();
    expect(positions(recent.after('q.5'))).toEqual([]);
  });

  it('are bounded in number, the newest stay', () => {
    const recent = new RecentEvents();
    recent.record('p.0');
    for (let n = 1; n <= 100_000; n++) {
      recent.add(event(n));
    }
    expect(recent.after('p.90000')).toBeUndefined();
    expect(positions(recent.after('p.99990'))).toHaveLength(10);
  });

  it('are bounded in length, and one that is too long alone keeps nobody from going over at the newest', () => {
    const recent = new RecentEvents();
    recent.record('p.0');
    for (let n = 1; n <= 20; n++) {
      recent.add(event(n, 200_000));
    }
    expect(recent.after('p.10')).toBeUndefined();
    expect(positions(recent.after('p.19'))).toEqual(['p.20']);
    recent.add(event(21, 5_000_000));
    expect(recent.after('p.20')).toBeUndefined();
    expect(positions(recent.after('p.21'))).toEqual([]);
  });
});
