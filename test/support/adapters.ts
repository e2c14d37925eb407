import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** How each adapter is made. Another adapter is one more line here, and every end-to-end test runs on it. */
const ADAPTER_FACTORIES = {
  express: () => new ExpressAdapter(),
  /** @param options of the Fastify server, `{ http2: true }` for example. */
  fastify: (options: object = {}) => new FastifyAdapter(options),
} satisfies Record<string, (options?: object) => AbstractHttpAdapter>;

export type Adapter = keyof typeof ADAPTER_FACTORIES;

/** The adapters that every end-to-end test runs on: `describe.each(ADAPTERS)`. */
export const ADAPTERS = Object.keys(ADAPTER_FACTORIES) as Adapter[];

/** @param options of the adapter, where it takes any. */
export function createAdapter(name: Adapter, options?: object): AbstractHttpAdapter {
  return ADAPTER_FACTORIES[name](options);
}
