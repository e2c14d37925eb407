import 'reflect-metadata';
import { startApp } from '../../support/app';
import { CountingController } from './counting';
import { PageController } from './stream-app';

// A process of its own, for tests that kill it. It listens on the port that it is given, and tells its parent which one it is.
process.once('disconnect', () => process.exit());
void startApp('express', {
  controllers: [PageController, CountingController],
  port: Number(process.argv[2]),
}).then(({ port }) => process.send!(port));
