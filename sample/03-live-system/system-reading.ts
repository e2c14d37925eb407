import { z } from 'zod';

const percent = z.number().min(0).max(100);
const bytes = z.int().nonnegative();

/** The load and the memory of this machine at one moment. */
export const SystemReading = z
  .object({
    at: z.iso.datetime().describe('When it was read.'),
    cpu: z.object({
      load: percent.describe('Of all cores together, in per cent.'),
      cores: z.array(percent).describe('Of each core, in per cent.'),
    }),
    memory: z.object({
      total: bytes.describe('In bytes.'),
      used: bytes.describe('What is not available to programs, in bytes.'),
    }),
  })
  .meta({ title: 'SystemReading' });

export type SystemReading = z.infer<typeof SystemReading>;
