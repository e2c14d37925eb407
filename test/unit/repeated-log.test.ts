import { Logger } from '@nestjs/common';
import { RepeatedLog, type Happening } from '../../src/stream/repeated-log';

const MINUTE = 60_000;

describe('a log of what repeats', () => {
  let lines: string[];
  let log: RepeatedLog;

  const write =
    (level: string) =>
    (...parts: unknown[]): void => {
      lines.push(`${level} ${parts.join(' | ')}`);
    };

  beforeEach(() => {
    jest.useFakeTimers();
    lines = [];
    const logger = new Logger();
    Object.assign(logger, { warn: write('warn'), error: write('error') });
    log = new RepeatedLog(logger);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  function say(count: number, kind: string | undefined, more: Partial<Happening> = {}): void {
    for (let n = 0; n < count; n++) {
      const happening = { level: 'error', place: 'View.events', what: 'failed', kind, ...more } as const;
      log.say(happening, () => ({ detail: ': why', stack: 'stack', about: `kind ${kind}` }));
    }
  }

  it('writes equal ones whole once, and their count when the minute is over', () => {
    say(1_000, 'a');
    expect(lines).toEqual(['error View.events: failed: why | stack']);
    jest.advanceTimersByTime(MINUTE);
    expect(lines.slice(1)).toEqual(['error View.events: failed … and 999 more in the last minute (999 × kind a)']);
  });

  it('goes on with the count alone while it is repeated, one line a minute', () => {
    for (let second = 0; second < 600; second++) {
      say(1, 'a');
      jest.advanceTimersByTime(1_000);
    }
    expect(lines).toHaveLength(1 + 10);
    expect(lines.filter((line) => line.includes('stack'))).toHaveLength(1);
    expect(lines[5]).toBe('error View.events: failed … and 60 more in the last minute (60 × kind a)');
  });

  it('writes it whole again after a minute without it', () => {
    say(2, 'a');
    jest.advanceTimersByTime(2 * MINUTE);
    expect(lines).toHaveLength(2);
    say(1, 'a');
    expect(lines[2]).toBe('error View.events: failed: why | stack');
  });

  it('writes the first five of which none is like another, and counts the rest', () => {
    say(1_000, undefined);
    expect(lines).toHaveLength(5);
    log.flush();
    expect(lines[5]).toBe('error View.events: failed … and 995 more in the last minute');
  });

  it('writes five kinds a minute at the most, however many there are', () => {
    for (let n = 0; n < 1_000; n++) {
      say(2, `kind ${n}`);
    }
    jest.advanceTimersByTime(MINUTE);
    expect(lines).toHaveLength(6);
    expect(lines[5]).toContain('… and 1995 more in the last minute (1 × kind kind 0;');
  });

  it('still writes a new kind whole when others have been repeated for long', () => {
    for (let minute = 0; minute < 10; minute++) {
      for (let n = 0; n <= minute * 5; n++) {
        say(10, `kind ${n}`);
      }
      jest.advanceTimersByTime(MINUTE);
    }
    lines = [];
    say(1, 'new');
    expect(lines).toEqual(['error View.events: failed: why | stack']);
  });

  it('counts each place, and each thing that happens there, by itself', () => {
    say(3, 'a');
    say(3, 'a', { place: 'Other.events' });
    say(3, 'a', { what: 'dropped', level: 'warn' });
    expect(lines).toHaveLength(3);
    log.flush();
    expect(lines.slice(3)).toEqual([
      'error View.events: failed … and 2 more in the last minute (2 × kind a)',
      'error Other.events: failed … and 2 more in the last minute (2 × kind a)',
      'warn View.events: dropped … and 2 more in the last minute (2 × kind a)',
    ]);
  });

  it('tells at its end what was not told yet, once', () => {
    say(3, 'a');
    log.flush();
    log.flush();
    jest.advanceTimersByTime(10 * MINUTE);
    expect(lines).toHaveLength(2);
  });

  it('has no timer while there is nothing to count', () => {
    expect(jest.getTimerCount()).toBe(0);
    say(2, 'a');
    say(2, 'b', { place: 'Other.events' });
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(3 * MINUTE);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('makes the particulars only where they are written', () => {
    const particulars = jest.fn(() => ({}));
    for (let n = 0; n < 1_000; n++) {
      log.say({ level: 'warn', place: 'View.events', what: 'failed', kind: 'a' }, particulars);
    }
    expect(particulars).toHaveBeenCalledTimes(1);
  });

  it('lives on where the logger throws', () => {
    const logger = new Logger();
    jest.spyOn(logger, 'error').mockImplementation(() => {
      throw new Error('the disk is full');
    });
    log = new RepeatedLog(logger);
    expect(() => say(2, 'a')).not.toThrow();
    expect(() => jest.advanceTimersByTime(MINUTE)).not.toThrow();
  });
});
