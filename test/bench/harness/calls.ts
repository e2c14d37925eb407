/** What a process answers, by the name of the call. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Calls = Record<string, (...args: any[]) => unknown>;

/** A call as it goes over the channel between two processes. */
export interface Call {
  readonly number: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

export type Answer =
  { readonly number: number; readonly value: unknown } | { readonly number: number; readonly error: string };

/** Answers the calls of the process that started this one, and ends with it. */
export function answerCalls(calls: Calls): void {
  process.on('message', (call: Call) => void answer(calls, call));
  process.once('disconnect', () => process.exit(0));
}

async function answer(calls: Calls, { number, name, args }: Call): Promise<void> {
  let result: Answer;
  try {
    result = { number, value: await calls[name]!(...args) };
  } catch (error) {
    result = { number, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  if (process.connected) {
    process.send!(result);
  }
}
