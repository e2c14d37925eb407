import { describeBackplane } from 'nestjs-sse-views/testing';
import { memoryBackplane, type MemoryBackplane } from '../../src/channel/memory-backplane';

const started = async (): Promise<MemoryBackplane> => {
  const backplane = memoryBackplane();
  await backplane.start();
  return backplane;
};

describeBackplane(
  'memoryBackplane()',
  {
    capabilities: { survives: 'nothing', dedupeWindow: 120_000, exactGaps: false },
    create: started,
    unrelated: started,
  },
  {
    limit: 5_000,
    without: {
      another: 'the memory of a process has one instance',
      spawn: 'no other process sees it',
      faults: 'no engine or connection stands between that could break',
    },
  },
);
