import { createHash } from 'node:crypto';
import { createClient } from 'redis';
import { HISTORY, type Carrier } from './carrier';

const SCRIPT = `
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '=', ARGV[3], '*', 'p', ARGV[1])
redis.call('PUBLISH', ARGV[2], id .. ' ' .. ARGV[1])
return id
`;
const SHA = createHash('sha1').update(SCRIPT).digest('hex');

/** A script and Pub/Sub on the same client, and nothing else: no positions, no gaps, no bounds but a count, no outages. */
export async function bareCarrier(url: string): Promise<Carrier> {
  // Commands have no timeout: the backplane's have one that costs less than the client's.
  const commands = createClient({ url, commandOptions: { timeout: 0 } });
  const subscriber = commands.duplicate();
  await Promise.all([commands.connect(), subscriber.connect()]);
  await commands.scriptLoad(SCRIPT);
  return {
    async subscribe(topics, onEvent) {
      await subscriber.subscribe(
        topics.map((topic) => `bare:${topic}:live`),
        (message) => onEvent(message.slice(message.indexOf(' ') + 1)),
      );
    },
    publish: (topic, payload) =>
      commands.sendCommand([
        'EVALSHA',
        SHA,
        '1',
        `bare:${topic}:stream`,
        payload,
        `bare:${topic}:live`,
        String(HISTORY),
      ]),
    async close() {
      commands.destroy();
      subscriber.destroy();
    },
  };
}
