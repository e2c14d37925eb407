/** Places of elements that are gone are given back only when they are this many, and half of all. */
const COMPACT_FROM = 64;

/** First in, first out, at the same small cost however many there are: an array's own `shift` moves all the others. */
export class Fifo<T> {
  private elements: (T | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.elements.length - this.head;
  }

  push(element: T): void {
    this.elements.push(element);
  }

  /** The element at this place, from 0 for the oldest. */
  at(index: number): T | undefined {
    return this.elements[this.head + index];
  }

  shift(): T | undefined {
    if (this.length === 0) {
      return undefined;
    }
    const element = this.elements[this.head];
    this.elements[this.head++] = undefined;
    if (this.head >= COMPACT_FROM && this.head * 2 >= this.elements.length) {
      this.elements = this.elements.slice(this.head);
      this.head = 0;
    }
    return element;
  }

  clear(): void {
    this.elements = [];
    this.head = 0;
  }
}
