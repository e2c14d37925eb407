import { SizeClasses } from '../../src/channel/size-classes';

describe('SizeClasses', () => {
  const sizes = new Map<string, number>();
  let classes: SizeClasses<string>;
  const resize = (thing: string, to: number): void => {
    classes.move(thing, sizes.get(thing) ?? 0, to);
    sizes.set(thing, to);
  };
  beforeEach(() => {
    sizes.clear();
    classes = new SizeClasses();
  });

  it('give those of the largest class, each in its turn', () => {
    resize('a', 1);
    resize('b', 4);
    resize('c', 7);
    expect([classes.next(), classes.next(), classes.next()]).toEqual(['b', 'c', 'b']);
    resize('a', 8);
    expect([classes.next(), classes.next()]).toEqual(['a', 'a']);
    resize('a', 0);
    expect(classes.next()).toBe('c');
  });

  it('know who is among the largest', () => {
    resize('a', 3);
    resize('b', 2);
    expect([3, 2, 1, 4].map((size) => classes.isLargest(size))).toEqual([true, true, false, false]);
    resize('b', 4);
    expect([3, 4, 5].map((size) => classes.isLargest(size))).toEqual([false, true, true]);
  });

  it('pass by those that went since the turn began, and come to those that came', () => {
    ['a', 'b', 'c'].forEach((thing) => resize(thing, 1));
    expect(classes.next()).toBe('a');
    resize('b', 0);
    resize('d', 1);
    expect([classes.next(), classes.next(), classes.next()]).toEqual(['c', 'd', 'a']);
  });
});
