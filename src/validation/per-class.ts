/** What is known of each class: found out when it is first asked for, and kept as long as the class. */
export class PerClass<T> {
  private readonly known = new WeakMap<object, T | undefined>();

  constructor(private readonly findOut: (model: Function) => T | undefined) {}

  /** `undefined` for what is no class, too. */
  get(model: unknown): T | undefined {
    if (typeof model !== 'function') {
      return undefined;
    }
    let fact = this.known.get(model);
    if (fact === undefined && !this.known.has(model)) {
      fact = this.findOut(model);
      this.known.set(model, fact);
    }
    return fact;
  }
}
