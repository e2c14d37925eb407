import * as fc from 'fast-check';
import { Fifo } from '../../src/channel/fifo';

describe('Fifo', () => {
  it('does what an array does', () => {
    expect.hasAssertions();
    const counts = fc.record({ push: fc.nat({ max: 100 }), shift: fc.nat({ max: 120 }) });
    const step = fc.oneof({ weight: 10, arbitrary: counts }, { weight: 1, arbitrary: fc.constant('clear' as const) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const fifo = new Fifo<number>();
        let model: number[] = [];
        const taken: (number | undefined)[] = [];
        const expected: (number | undefined)[] = [];
        let next = 0;
        for (const what of steps) {
          if (what === 'clear') {
            fifo.clear();
            model = [];
            continue;
          }
          const { push, shift } = what;
          for (let count = 0; count < push; count++) {
            fifo.push(next);
            model.push(next++);
          }
          for (let count = 0; count < shift; count++) {
            taken.push(fifo.shift());
            expected.push(model.shift());
          }
          expect(model.map((_, index) => fifo.at(index))).toEqual(model);
          expect([fifo.length, fifo.at(model.length)]).toEqual([model.length, undefined]);
        }
        expect(taken).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('lets go of what was taken out', () => {
    const fifo = new Fifo<object>();
    for (let index = 0; index < 10_000; index++) {
      fifo.push({});
      fifo.push({});
      fifo.shift();
    }
    while (fifo.length > 3) {
      fifo.shift();
    }
    expect(JSON.stringify(fifo).length).toBeLessThan(1_000);
  });

  it('is as fast with two hundred thousand elements as with few', () => {
    const time = (length: number): number => {
      const fifo = new Fifo<number>();
      for (let index = 0; index < length; index++) {
        fifo.push(index);
      }
      const start = process.cpuUsage();
      for (let index = 0; index < 200_000; index++) {
        fifo.push(index);
        fifo.shift();
      }
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1_000;
    };
    time(100);
    expect(time(200_000)).toBeLessThan(10 * time(100) + 200);
  });
});
