import 'reflect-metadata';
import {
  Body,
  Controller,
  GatewayTimeoutException,
  Module,
  Param,
  Post,
  ServiceUnavailableException,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AddressInfo } from 'node:net';
import { ChannelView, SseError, SseModule } from 'nestjs-sse-views';
import { redisBackplane } from 'nestjs-sse-views/redis';
import { createAdapter, type Adapter } from '../../support/adapters';

const [adapter, port, url] = process.argv.slice(2) as [Adapter, string, string];

/** More than is published in any time for which a client is away. */
const HISTORY = { maxEvents: 100_000, maxBytes: 50_000_000, maxAge: 3_600_000 };

interface Publication {
  readonly publisher: number;
  readonly n: number;
}

@Controller('topics/:topic')
class NumbersView extends ChannelView<Publication> {
  static readonly channel = 'numbers';
  override readonly retry = 50;

  override topic({ params }: { params: { topic: string } }): string {
    return params.topic;
  }

  @Post()
  async publish(@Param('topic') topic: string, @Body() { publisher, n }: Publication): Promise<unknown> {
    try {
      return await this.channel.publish({ data: { publisher, n } }, { topic, key: `${publisher}.${n}` });
    } catch (error) {
      if (error instanceof SseError) {
        throw error.code === 'SSE_OUTCOME_UNKNOWN'
          ? new GatewayTimeoutException(error.message)
          : new ServiceUnavailableException(error.message);
      }
      throw error;
    }
  }
}

@Module({
  imports: [
    SseModule.forRoot({ backplane: redisBackplane({ url }) }),
    SseModule.forFeature([{ name: 'numbers', history: HISTORY }]),
  ],
  controllers: [NumbersView],
})
class InstanceModule {}

async function main(): Promise<void> {
  const app = await NestFactory.create(InstanceModule, createAdapter(adapter), {
    logger: ['error', 'fatal'],
  });
  await app.listen(Number(port), '127.0.0.1');
  process.send!((app.getHttpServer().address() as AddressInfo).port);
}

process.once('disconnect', () => process.exit(0));
void main();
