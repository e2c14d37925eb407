import { readdirSync } from 'node:fs';

/** A job for each document, called after its file. */
export default Object.fromEntries(
  readdirSync('documents').map((file) => {
    const document = file.replace('.json', '');
    return [
      document,
      {
        input: `documents/${file}`,
        output: { target: `clients/${document}/orval/client.ts`, client: 'fetch', mode: 'single' },
      },
    ];
  }),
);
