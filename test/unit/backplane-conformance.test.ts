import { describeBackplane } from '../../src/testing/backplane/describe-backplane';
import { simulatedFactory } from '../support/simulated-engine';

describeBackplane('a simulated engine of several instances', simulatedFactory(), { limit: 5_000 });
