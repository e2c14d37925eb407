import { EventLog, KEPT_EVENTS } from '../../src/swagger-ui/panel/event-log';

const event = (name: string, id = '') => ({ name, id, hasId: false, data: '1', length: 1 });

function filled(names: readonly string[], log = new EventLog()): EventLog {
  names.forEach((name) => log.add(event(name), 0));
  return log;
}

describe('The events that the panel keeps', () => {
  it('are the last 200, counted from the beginning', () => {
    const log = filled(Array.from({ length: KEPT_EVENTS + 50 }, () => 'a'));
    expect(log.total).toBe(250);
    expect(log.shown).toHaveLength(200);
    expect([log.shown[0]!.number, log.shown.at(-1)!.number]).toEqual([51, 250]);
  });

  it('are those of the chosen name before others', () => {
    const log = filled(['rare', 'often', 'rare']);
    log.show('rare');
    filled(
      Array.from({ length: 1_000 }, () => 'often'),
      log,
    );
    expect(log.shown.map(({ number }) => number)).toEqual([1, 3]);
    log.show('');
    expect(log.shown).toHaveLength(200);
    filled(
      Array.from({ length: 200 }, () => 'often'),
      log,
    );
    log.show('rare');
    expect(log.shown).toEqual([]);
  });

  it('are the last 200 of the chosen name where all have it', () => {
    const log = new EventLog();
    log.show('a');
    filled(
      Array.from({ length: 300 }, () => 'a'),
      log,
    );
    expect([log.shown.length, log.shown[0]!.number]).toEqual([200, 101]);
  });

  it('have names to choose from, with their numbers, at most 100 and always the chosen one', () => {
    const log = filled(['b', 'a', 'b']);
    expect(log.names).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    log.show('b');
    log.clear();
    expect(log.names).toEqual([['b', 0]]);
    filled(
      Array.from({ length: 500 }, (_, index) => `name ${index}`),
      log,
    );
    expect(log.names).toHaveLength(101);
  });

  it('are forgotten with clear', () => {
    const log = filled(['a', 'b']);
    log.clear();
    expect([log.total, log.shown, log.names]).toEqual([0, [], []]);
  });

  it('have a rate, that of the last five seconds', () => {
    const log = new EventLog();
    log.restartRate(10_000);
    expect(log.rate(10_000)).toBe(0);
    for (let at = 10_000; at < 14_000; at += 100) {
      log.add(event('a'), at);
      expect(log.rate(at + 100)).toBeCloseTo(Math.min(10, (at - 9_900) / 100));
    }
    expect(log.rate(16_000)).toBe(5);
    expect(log.rate(20_000)).toBe(0);
    log.restartRate(20_000);
    log.add(event('a'), 20_100);
    expect(log.rate(20_200)).toBe(1);
  });
});
