import { Logger } from '@nestjs/common';
import { keysOf } from '../../src/redis/redis-keys';
import { DeliveryReader } from '../../src/testing/backplane/delivery-reader';
import { redisCommands } from '../support/redis-commands';
import { RedisEngine } from '../support/redis-factory';
import { describeWithRedis } from '../support/redis-server';

const LIMIT = 10_000;

describeWithRedis('a topic that Redis has forgotten', () => {
  let engine: RedisEngine;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    engine = await RedisEngine.start();
  });

  afterAll(() => engine?.stop());

  it('has another life when the same connection publishes to it again: whoever was at its beginning is told', async () => {
    const instance = await engine.instance();
    const commands = await redisCommands(engine.server.url);
    try {
      await instance.publish('topic', 'forgotten');
      const oldest = new DeliveryReader(instance, 'topic', { limit: LIMIT, from: 'oldest' });
      const beginning = await oldest.start();
      oldest.leave();
      const { stream, meta } = keysOf('sse', 'topic');
      expect(await commands.del([stream, meta])).toBe(2);
      await instance.publish('topic', 'next');
      const back = new DeliveryReader(instance, 'topic', { limit: LIMIT, after: beginning });
      await back.start();
      expect((await back.gap()).reason).toBe('reset');
      await back.payloads(['next']);
      back.leave();
    } finally {
      commands.destroy();
      await instance.close();
    }
  });
});
