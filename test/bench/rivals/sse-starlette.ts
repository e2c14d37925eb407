import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { MARKER } from '../server/sources';
import type { Broadcast, Rival } from './rival';

const PYTHON = process.env['PYTHON'] ?? 'python3';
const VERSIONS = `
import platform, sse_starlette, uvicorn
from importlib.metadata import version
print(f"Python {platform.python_version()}, sse-starlette {version('sse-starlette')}, uvicorn {uvicorn.__version__}")
`;

let versions: string | undefined;

/** Python's version and those of its packages; empty where they are not installed. */
export function versionsOfSseStarlette(): string {
  const found = (): string => spawnSync(PYTHON, ['-c', VERSIONS], { encoding: 'utf8' }).stdout?.trim() ?? '';
  return (versions ??= found());
}

/** sse-starlette on uvicorn, in a process of its own; with uvloop and httptools where they are installed. */
export const sseStarlette: Rival = {
  stream: ({ choice, ids }) =>
    start({ events: choice.kind === 'ticks' ? choice.events : 1, stays: choice.kind === 'hello', ids }),
  broadcast: ({ heartbeat }) => start({ heartbeat: heartbeat && heartbeat / 1_000 }),
};

async function start(setup: object): Promise<Broadcast> {
  const options = { events: 0, stays: false, ids: false, heartbeat: false, marker: MARKER, ...setup };
  // Its program is no part of what the compiler writes.
  const program = join(__dirname, '../../rivals/sse_starlette_server.py');
  const child = spawn(PYTHON, [program, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    port: Number(port.toString()),
    pid: child.pid!,
    publish: (data) => child.stdin.write(`${JSON.stringify(data)}\n`),
  };
}
