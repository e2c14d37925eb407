import { readdirSync } from 'node:fs';
import { defineConfig } from '@hey-api/openapi-ts';

/** A job for each document. */
export default defineConfig(
  readdirSync('documents').map((file) => ({
    input: `./documents/${file}`,
    output: `clients/${file.replace('.json', '')}/hey-api`,
    logs: { file: false },
  })),
);
