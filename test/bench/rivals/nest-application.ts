import 'reflect-metadata';
import { Controller, Get, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';
import type { Listening } from './rival';

export type Adapter = 'express' | 'fastify';

export interface NestListening extends Listening {
  /** A provider of the application. */
  get<T>(token: string | Type<T>): T;
}

@Controller('ping')
class PingController {
  @Get()
  ping(): string {
    return 'pong';
  }
}

/** Starts a Nest application on a free port of the loopback address. */
export async function listenWithNest(adapter: Adapter, metadata: ModuleMetadata): Promise<NestListening> {
  @Module({ ...metadata, controllers: [PingController, ...(metadata.controllers ?? [])] })
  class BenchModule {}

  const app = await NestFactory.create(
    BenchModule,
    adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter(),
    {
      logger: ['fatal'],
    },
  );
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { port, get: (token) => app.get(token, { strict: false }) };
}
