import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { INestApplication, Type } from '@nestjs/common';

/**
 * Starts an application on a free port and prints its address:
 * `node start.js <express|fastify> <file that exports AppModule> [file that exports prepare(app)]`.
 */
async function start(adapter = '', moduleFile = '', prepareFile?: string): Promise<void> {
  const { AppModule } = (await import(moduleFile)) as { AppModule: Type };
  const app = await NestFactory.create(AppModule, adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter());
  if (prepareFile) {
    const { prepare } = (await import(prepareFile)) as { prepare: (app: INestApplication) => void };
    prepare(app);
  }
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  console.log(`Listening on ${await app.getUrl()}`);
}

void start(...process.argv.slice(2));
