import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { dirname, join } from 'node:path';
import { versionsOfSseStarlette } from '../rivals/sse-starlette';
import { PROJECT } from './project';

/** Packages whose versions stand in the results. */
const PACKAGES = [
  '@nestjs/core',
  'express',
  'fastify',
  'rxjs',
  'zod',
  'class-validator',
  'class-transformer',
  'better-sse',
  'hono',
  '@hono/node-server',
  'h3',
  'redis',
];

/** Where and with what the numbers were measured. */
export function machine(): string {
  const [cpu] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpu?.model.trim()}, ${gigabytes} GB, ${type()} ${release().split('-')[0]}`;
}

/** Processes that wanted a core in the last minute. */
export function load(): string {
  return loadavg()[0]!.toFixed(1);
}

export function versions(): string {
  const own = ['Node ' + process.versions.node, ...PACKAGES.map((name) => `${name} ${versionOf(name)}`)];
  return [...own, versionsOfSseStarlette()].filter((version) => version !== '').join(', ');
}

/** The commit, with a `+` where the library's sources differ from it. */
export function commit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: PROJECT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', 'src') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}

function versionOf(name: string): string {
  // What exports no package.json is found by its main file's folder.
  const require = createRequire(__filename);
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return (JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { version: string }).version;
    } catch {
      // Not in this folder.
    }
  }
  return `(in ${dirname(name)})`;
}
