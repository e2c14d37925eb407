/** A time between one and two times as long, drawn at random. */
export function spread(milliseconds: number): number {
  return milliseconds + Math.floor(Math.random() * (milliseconds + 1));
}
