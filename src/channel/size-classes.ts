/** Sizes from 1 to 2^31, each class twice as large as the one before. */
const CLASSES = 32;

/** Things by about how large they are: which are among the largest is known at once, however many there are. */
export class SizeClasses<T> {
  private readonly classes = Array.from({ length: CLASSES }, () => new Set<T>());
  // They are kept because a new iterator passes by everything that was deleted before: 10 µs where there are 30,000 things.
  private readonly turns: (IterableIterator<T> | undefined)[] = [];

  /** A thing has another size now; 0 takes it out. */
  move(thing: T, from: number, to: number): void {
    const [before, after] = [classOf(from), classOf(to)];
    if (before !== after) {
      this.classes[before]?.delete(thing);
      this.classes[after]?.add(thing);
    }
  }

  /** Whether nothing is of a larger class than a thing of this size, which is there. */
  isLargest(size: number): boolean {
    return classOf(size) === this.largest;
  }

  /** One of the largest class, which is not empty; each in its turn, those first that have been in it longest. */
  next(): T {
    const { classes, largest, turns } = this;
    const turn = turns[largest]?.next();
    if (turn && !turn.done) {
      return turn.value;
    }
    const round = classes[largest]!.values();
    turns[largest] = round;
    return round.next().value!;
  }

  private get largest(): number {
    return this.classes.findLastIndex(({ size }) => size > 0);
  }
}

/** -1 for nothing. */
function classOf(size: number): number {
  return 31 - Math.clz32(size);
}
