import { readdirSync } from 'node:fs';
import { defineConfig } from '@kubb/core';
import { pluginOas } from '@kubb/plugin-oas';
import { pluginTs } from '@kubb/plugin-ts';

/** A job for each document. */
export default defineConfig(
  readdirSync('documents').map((file) => {
    const document = file.replace('.json', '');
    return {
      name: document,
      root: '.',
      input: { path: `documents/${file}` },
      output: { path: `clients/${document}/kubb`, format: false, lint: false },
      plugins: [pluginOas({ generators: [] }), pluginTs({ output: { path: 'types.ts' }, enumType: 'literal' })],
    };
  }),
);
