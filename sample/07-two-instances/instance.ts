import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AddressInfo } from 'node:net';
import 'reflect-metadata';
import { InstanceModule } from './instance.module';

/** One instance. Any number of them may run, on any machine that reaches Redis. */
async function main(): Promise<void> {
  const app = await NestFactory.create(InstanceModule, { logger: ['warn', 'error', 'fatal'] });
  app.useGlobalPipes(new ValidationPipe({ transform: true }));
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  process.send?.((app.getHttpServer().address() as AddressInfo).port);
}

// Whoever started it is gone.
process.once('disconnect', () => process.exit(0));
void main();
