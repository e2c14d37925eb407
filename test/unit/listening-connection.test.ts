import { setTimeout as sleep } from 'node:timers/promises';
import { ListeningConnection } from '../../src/postgres/listening-connection';
import { codedError, ScriptedClient } from '../support/scripted-pool';
import { until } from '../support/until';

const never = (): Promise<never> => new Promise(() => undefined);

describe('a connection that listens', () => {
  let client: ScriptedClient;
  let lost: unknown[];
  let beats: number;

  beforeEach(() => {
    client = new ScriptedClient();
    lost = [];
    beats = 0;
  });

  const listen = (heartbeat: number, timeout: number): ListeningConnection<string, unknown> =>
    new ListeningConnection<string, unknown>(
      client,
      {
        heartbeat: () => heartbeat,
        timeout: () => timeout,
        beat: (connection) => {
          beats++;
          return connection.run('SELECT 1');
        },
        onNotification: () => undefined,
      },
      (error) => lost.push(error),
    );

  it('is asked for a sign of life when it is silent, and not while an answer is under way', async () => {
    const connection = listen(10, 5_000);
    let answer!: () => void;
    client.answer = () => new Promise<void>((resolve) => (answer = resolve));
    const running = [connection.run('one'), connection.run('two')];
    await until(() => client.statements.length === 1);
    await sleep(50);
    answer();
    await until(() => client.statements.length === 2);
    await sleep(50);
    expect(beats).toBe(0);
    client.answer = async () => undefined;
    answer();
    await Promise.all(running);
    await until(() => client.statements.length > 4);
    expect(client.statements.slice(0, 4)).toEqual(['one', 'two', 'SELECT 1', 'SELECT 1']);
    connection.close();
  });

  it('is ended when an answer does not come in time: its owner is told once, and nothing more is said on it', async () => {
    const connection = listen(60_000, 20);
    client.answer = never;
    const running = [connection.run('one'), connection.run('two')];
    for (const result of await Promise.allSettled(running)) {
      expect(result.status).toBe('rejected');
    }
    client.emit('error', new Error('Connection terminated'));
    connection.close();
    expect(lost).toEqual([expect.objectContaining({ code: 'ETIMEDOUT' })]);
    expect(client.statements).toEqual(['one']);
    expect(client.releases).toEqual([true]);
  });

  it('survives a statement that the server refuses', async () => {
    const connection = listen(60_000, 5_000);
    const error = codedError('25006');
    client.answer = async (statement) => {
      if (statement === 'refused') {
        throw error;
      }
    };
    await expect(connection.run('refused')).rejects.toBe(error);
    await connection.run('next');
    expect(lost).toEqual([]);
    connection.close();
    expect(client.releases).toEqual([true]);
  });

  it('goes back after the statement that makes it what it was; one that breaks meanwhile is ended, and nobody is told', async () => {
    const connection = listen(60_000, 5_000);
    await connection.run('LISTEN "rows"');
    connection.close('UNLISTEN *');
    await until(() => client.releases.length > 0);
    expect(client.statements).toEqual(['LISTEN "rows"', 'UNLISTEN *']);
    expect(client.releases).toEqual([false]);
    expect(client.eventNames()).toEqual([]);

    client = new ScriptedClient();
    client.answer = never;
    listen(60_000, 500).close('UNLISTEN *');
    await until(() => client.statements.length === 1);
    client.emit('error', new Error('Connection terminated unexpectedly'));
    expect(client.releases).toEqual([true]);
    expect(lost).toEqual([]);
  });
});
