import { ReconnectingListener } from '../../src/postgres/reconnecting-listener';
import { codedError, ScriptedPool } from '../support/scripted-pool';
import { until } from '../support/until';

describe('what listens, and reconnects', () => {
  let pool: ScriptedPool;
  let said: string[];
  let listener: ReconnectingListener<string, unknown>;

  beforeEach(() => {
    pool = new ScriptedPool();
    said = [];
    listener = new ReconnectingListener(pool, {
      patience: 1_000,
      heartbeat: () => 60_000,
      timeout: () => 1_000,
      prepare: (connection) => connection.run('LISTEN "rows"'),
      beat: (connection) => connection.run('SELECT 1'),
      onNotification: () => undefined,
      onUp: () => said.push('up'),
      onDown: (error, { before, isLost }) =>
        said.push(`${(error as Error).message} ${before}${isLost ? ', lost' : ''}`),
    });
  });

  afterEach(() => listener.close());

  it('counts the attempts of an outage, and those of the next one anew', async () => {
    await listener.open();
    for (const round of [0, 1]) {
      pool.errors.push(codedError('ECONNREFUSED'));
      pool.clients[round]!.emit('error', new Error('broken'));
      expect(listener.isUp).toBe(false);
      await until(() => listener.isUp);
    }
    const outage = ['broken 0, lost', 'ECONNREFUSED 1', 'up'];
    expect(said).toEqual(['up', ...outage, ...outage]);
    expect(pool.clients.map(({ releases }) => releases)).toEqual([[true], [true], []]);
  });

  it('gives up a connection that cannot be made ready', async () => {
    const error = codedError('42501');
    pool.prepare = (client) => {
      client.answer = async () => {
        if (pool.clients.length === 1) {
          throw error;
        }
      };
    };
    await listener.open();
    expect(said).toEqual(['42501 0']);
    await until(() => listener.isUp);
    expect(pool.clients.map(({ releases }) => releases)).toEqual([[true], []]);
  });

  it('tries nothing more when it is closed, and has left nothing behind', async () => {
    const random = jest.spyOn(Math, 'random').mockReturnValue(1);
    pool.errors.push(codedError('ECONNREFUSED'));
    await listener.open();
    listener.close();
    random.mockRestore();
    // The next attempt would have been 50 ms later.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(pool.clients).toEqual([]);
    expect(pool.listenerCount('error')).toBe(0);
  });
});
