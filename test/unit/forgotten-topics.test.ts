import * as fc from 'fast-check';
import { ForgottenTopics } from '../../src/channel/forgotten-topics';
import { TopicPositions } from '../../src/channel/memory-position';

const hashesOf = (topic: string): readonly number[] => new TopicPositions('process0', topic).hashes;

describe('ForgottenTopics', () => {
  it('never says less than the truth, whatever was let go, and in whichever order', () => {
    expect.hasAssertions();
    const goings = fc.array(fc.tuple(fc.nat({ max: 400 }), fc.nat()), { maxLength: 600 });
    fc.assert(
      fc.property(goings, (all) => {
        const forgotten = new ForgottenTopics();
        const truth = new Map<string, number>();
        for (const [topic, last] of all) {
          forgotten.add(hashesOf(`topic ${topic}`), last);
          truth.set(`topic ${topic}`, Math.max(last, truth.get(`topic ${topic}`) ?? 0));
        }
        for (const [topic, last] of truth) {
          expect(forgotten.bound(hashesOf(topic))).toBeGreaterThanOrEqual(last);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('never says less than the truth where cells are shared', () => {
    const forgotten = new ForgottenTopics();
    forgotten.add([0, 1, 2, 3], 50);
    forgotten.add([3, 2, 1, 0], 10);
    forgotten.add([0, 262_144, 5, 6], 40);
    expect(forgotten.bound([0, 1, 2, 3])).toBe(50);
    expect(forgotten.bound([3, 4, 7, 8])).toBe(0);
    expect(forgotten.bound([0, 262_144, 5, 6])).toBe(40);
  });

  it('knows nothing of a topic when none was let go', () => {
    expect(new ForgottenTopics().bound(hashesOf('a'))).toBe(0);
  });

  it('takes less than one client in a thousand for one that has missed something, after ten thousand topics', () => {
    const forgotten = new ForgottenTopics();
    let falseAlarms = 0;
    const count = 40_000;
    for (let n = 1; n <= 10_000; n++) {
      forgotten.add(hashesOf(`user/${n}`), n);
    }
    for (let n = 1; n <= 10_000; n++) {
      falseAlarms += forgotten.bound(hashesOf(`user/${n}`)) > n ? 1 : 0;
    }
    for (let n = 1; n <= count - 10_000; n++) {
      falseAlarms += forgotten.bound(hashesOf(`stranger/${n}`)) > 0 ? 1 : 0;
    }
    expect(falseAlarms).toBeLessThan(count / 1_000);
  });
});
