/** Fails to compile for anything but `true`. */
export type Expect<T extends true> = T;

/** Whether two types are the same, `any` and `unknown` told apart. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Data as a client gets them: a class's properties, that the server only reads or not. */
export type Plain<T> = T extends object ? { -readonly [K in keyof T]: Plain<T[K]> } : T;

/** What a function of hey-api streams. */
export type Streamed<F extends (...args: never[]) => Promise<{ stream: AsyncGenerator }>> =
  Awaited<ReturnType<F>>['stream'] extends AsyncGenerator<infer T> ? T : never;
