import { Logger } from '@nestjs/common';
import { SeededRandom } from '../../src/testing/backplane/seeded-random';
import { runSchedule, schedulesOf } from '../support/channel-schedule';
import { SimulatedScheduleEngine } from '../support/simulated-schedule-engine';

const SIZE = { steps: 600, clients: 10, topics: 3, bursts: 0.1, limit: 20_000 };
const [FIRST, COUNT] = schedulesOf('0 120');

jest.setTimeout(60_000);
beforeAll(() => Logger.overrideLogger(false));

describe('clients that come and go at two instances while everything goes wrong', () => {
  it.each(Array.from({ length: COUNT }, (_, index) => FIRST + index))(
    'get every event once and in order, or are told of a gap at its place: schedule %i',
    async (seed) => {
      const problems = await runSchedule(new SimulatedScheduleEngine(new SeededRandom(-1 - seed)), seed, SIZE);
      expect(problems).toEqual([]);
    },
  );
});
