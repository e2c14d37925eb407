import { Logger } from '@nestjs/common';
import { describeBackplane } from '../../src/testing/backplane/describe-backplane';
import { RedisEngine, redisFactory } from '../support/redis-factory';
import { describeWithRedis } from '../support/redis-server';

describeWithRedis('the Redis backplane', () => {
  let engine: RedisEngine;
  let other: RedisEngine;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    [engine, other] = await Promise.all([RedisEngine.start({ heartbeat: 1_000 }), RedisEngine.start()]);
  }, 60_000);

  afterAll(async () => {
    await Promise.all([engine, other].map((each) => each?.stop()));
  }, 60_000);

  describeBackplane(
    'Redis with appendfsync always',
    redisFactory(
      () => engine,
      () => other,
    ),
  );
});
