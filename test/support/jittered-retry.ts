/** What stands for a jittered time. */
export const JITTERED = 'jittered';

/**
 * The text with `retry: jittered` in the place of each `retry` line whose time is between `retry` and twice that, so that the
 * rest can be compared byte for byte. Lines with another time stay.
 */
export function withoutJitter(text: string, retry = 3_000): string {
  return text.replace(/^retry: (\d+)$/gm, (line, time: string) =>
    Number(time) >= retry && Number(time) <= 2 * retry ? `retry: ${JITTERED}` : line,
  );
}
