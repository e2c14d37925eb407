/** How Redis keeps its data, in words. */
export const MODES = {
  persistent: 'append-only file, fsync always',
  volatile: 'no persistence',
} as const;

export type Mode = keyof typeof MODES;
