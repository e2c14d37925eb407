import { redisBackplane } from '../../../src/redis/redis-backplane';
import { serveBackplane } from '../../support/backplane-process';

void serveBackplane(redisBackplane({ url: process.argv[2] }));
