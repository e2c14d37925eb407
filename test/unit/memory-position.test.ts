import * as fc from 'fast-check';
import { newProcessEpoch, POSITION, TopicPositions } from '../../src/channel/memory-position';

const positions = new TopicPositions(newProcessEpoch(), 'topic');

describe('TopicPositions', () => {
  it('read back what they gave, and have the form that every client can send', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.maxSafeNat(), (topic, n) => {
        const of = new TopicPositions(newProcessEpoch(), topic);
        expect(of.at(n)).toMatch(POSITION);
        expect(of.read(of.at(n), n)).toBe(n);
      }),
    );
  });

  it('take no number for one that was not given yet', () => {
    expect([positions.read(positions.at(8), 8), positions.read(positions.at(9), 8)]).toEqual([8, 'invalid']);
  });

  it('tell those of another process from those of another topic', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        fc.pre(one !== other);
        const epoch = newProcessEpoch();
        const position = new TopicPositions(epoch, one).at(1);
        expect(new TopicPositions(epoch, other).read(position, 1)).toBe('invalid');
        expect(new TopicPositions(newProcessEpoch(), one).read(position, 1)).toBe('reset');
      }),
    );
  });

  it('read nothing else', () => {
    expect.hasAssertions();
    const own = positions.at(1);
    const changed = fc
      .tuple(fc.nat({ max: own.length }), fc.string({ unit: 'binary', minLength: 1 }))
      .map(([at, text]) => own.slice(0, at) + text + own.slice(at));
    fc.assert(
      fc.property(fc.oneof(changed, fc.string({ unit: 'binary' })), (after) => {
        const read = positions.read(after, 1);
        // An earlier process may have had a name like that.
        expect(read === 'invalid' || read === 'reset').toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['01', '00', '-1', '1.0', '1e0', '+1', '', ' 1', '1 ', '9'.repeat(17)])('refuse the number %j', (n) => {
    expect(positions.read(positions.at(1).replace(/1$/, n), 10)).toBe('invalid');
  });
});

describe('the name of a process', () => {
  it('is another one each time, of eight characters', () => {
    const names = Array.from({ length: 10_000 }, newProcessEpoch);
    expect(new Set(names).size).toBe(names.length);
    expect(names.every((name) => /^[0-9a-z]{8}$/.test(name))).toBe(true);
  });
});
