import type { Rival } from './rival';
import { versionsOfSseStarlette } from './sse-starlette';

/** Everybody, with the name in the tables. A process loads one of them. */
export const RIVALS = {
  'views-fastify': {
    label: '**nestjs-sse-views**, Fastify',
    load: async () => (await import('./views.js')).views('fastify'),
  },
  'views-express': {
    label: '**nestjs-sse-views**, Express',
    load: async () => (await import('./views.js')).views('express'),
  },
  'observable-fastify': {
    label: '**nestjs-sse-views**, Observable, Fastify',
    load: async () => (await import('./views-observable.js')).viewsObservable('fastify'),
  },
  'observable-express': {
    label: '**nestjs-sse-views**, Observable, Express',
    load: async () => (await import('./views-observable.js')).viewsObservable('express'),
  },
  'raw-loop': {
    label: 'node:http, a loop, batches of 16 KB',
    load: async () => (await import('./raw-loop.js')).rawLoop,
  },
  'raw-generator': {
    label: 'node:http, async generator, batches of 16 KB',
    load: async () => (await import('./raw-generator.js')).rawGenerator(),
  },
  'raw-generator-zod': {
    label: 'the same, with a `parse` of zod',
    load: async () => {
      const [{ rawGenerator }, { tickSchema }] = await Promise.all([
        import('./raw-generator.js'),
        import('../server/tick.js'),
      ]);
      return rawGenerator((data) => tickSchema.parse(data));
    },
  },
  'raw-write': { label: 'node:http, a write an event', load: async () => (await import('./raw-write.js')).rawWrite },
  'raw-shared': {
    label: 'node:http, write of a shared Buffer',
    load: async () => (await import('./raw-shared.js')).rawShared,
  },
  'raw-sockets': {
    label: 'bare sockets, a shared chunk',
    load: async () => (await import('./raw-sockets.js')).rawSockets,
  },
  'nest-fastify': {
    label: 'Nest `@Sse`, Fastify',
    load: async () => (await import('./nest-sse.js')).nestSse('fastify'),
  },
  'nest-route': {
    label: 'Nest route that writes to `@Res()`, Fastify',
    load: async () => (await import('./nest-route.js')).nestRoute,
  },
  'nest-express': {
    label: 'Nest `@Sse`, Express',
    load: async () => (await import('./nest-sse.js')).nestSse('express'),
  },
  'better-sse': { label: 'better-sse', load: async () => (await import('./better-sse.js')).betterSse },
  hono: { label: 'hono', load: async () => (await import('./hono.js')).hono },
  h3: { label: 'h3', load: async () => (await import('./h3.js')).h3 },
  'sse-starlette': {
    label: 'sse-starlette, uvicorn',
    load: async () => (await import('./sse-starlette.js')).sseStarlette,
  },
} satisfies Record<string, { label: string; load(): Promise<Rival> }>;

export type RivalName = keyof typeof RIVALS;

/** Whether a rival can be measured on this machine. */
export function isInstalled(rival: RivalName): boolean {
  return rival !== 'sse-starlette' || versionsOfSseStarlette() !== '';
}
