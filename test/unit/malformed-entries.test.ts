import { Logger } from '@nestjs/common';
import { MalformedEntries } from '../../src/channel/malformed-entries';

describe('malformed entries of a history', () => {
  let warnings: string[];
  let entries: MalformedEntries;

  beforeEach(() => {
    jest.useFakeTimers();
    warnings = [];
    const logger = new Logger();
    jest.spyOn(logger, 'warn').mockImplementation((message: unknown) => warnings.push(message as string));
    entries = new MalformedEntries('news', logger);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('are reported once each, whenever they are met again', () => {
    for (let day = 0; day < 30; day++) {
      entries.report('news/a', '7.1');
      entries.report('news/b', '7.1');
      jest.advanceTimersByTime(86_400_000);
    }
    entries.flush();
    expect(warnings).toEqual([
      'news: skipped an entry of the history that is not a valid event: topic "news/a", position 7.1. Another program may have written it',
      'news: skipped an entry of the history that is not a valid event: topic "news/b", position 7.1. Another program may have written it',
    ]);
  });

  it('are counted where there are many of them', () => {
    for (let position = 0; position < 1_000; position++) {
      entries.report('news', `7.${position}`);
    }
    expect(warnings).toHaveLength(5);
    entries.flush();
    expect(warnings[5]).toBe(
      'news: skipped an entry of the history that is not a valid event … and 995 more in the last minute',
    );
  });

  it('are named by a topic and a position that are escaped and cut', () => {
    entries.report(`news/\u202e${'x'.repeat(1_000)}`, `7\n[Nest] forged${'9'.repeat(1_000)}`);
    expect(warnings[0]).toMatch(/topic "news\/\\u202ex+"… \(906 more characters\), position 7\\n\[Nest\] forged9+… \(/);
    expect(warnings[0]!.length).toBeLessThan(400);
  });
});
