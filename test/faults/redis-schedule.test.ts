import { Logger } from '@nestjs/common';
import { runSchedule, schedulesOf } from '../support/channel-schedule';
import { RedisScheduleEngine } from '../support/redis-schedule-engine';
import { describeWithRedis, RedisServer } from '../support/redis-server';

// How long an instance waits is no matter here, and a schedule has more outages than a day.
jest.mock('../../src/channel/backoff', () => ({ backoff: () => 5 }));
jest.setTimeout(120_000);

const SIZE = { steps: 400, clients: 12, topics: 3, bursts: 0.3, limit: 20_000 };
const [FIRST, COUNT] = schedulesOf('0 6');

describeWithRedis('clients that come and go at two instances while everything goes wrong with Redis', () => {
  let server: RedisServer;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    server = await RedisServer.start();
  });

  afterAll(() => server?.stop());

  it.each(Array.from({ length: COUNT }, (_, index) => FIRST + index))(
    'get every event once and in order, or are told of a gap at its place: schedule %i',
    async (seed) => {
      const engine = new RedisScheduleEngine(server, `schedule-${seed}`);
      await engine.start();
      try {
        expect(await runSchedule(engine, seed, SIZE)).toEqual([]);
      } finally {
        await engine.stop();
      }
    },
  );
});
