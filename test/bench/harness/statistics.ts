/** The value in the middle; of an even number, between the two. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** @param share of the values that are smaller, 0 to 1. */
export function quantile(values: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(values).toSorted();
  const place = share * (sorted.length - 1);
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}
