import { spawnSync } from 'node:child_process';
import { describeIf } from './describe-if';

/** `describe` for tests that install packages with npm. */
export function describeWithRegistry(name: string, tests: () => void): void {
  describeIf(reachable() ? undefined : 'npm cannot reach its registry', name, tests);
}

function reachable(): boolean {
  const { status } = spawnSync(
    'npm',
    ['view', '@nestjs/core', 'version', '--prefer-online', '--fetch-retries=0', '--fetch-timeout=20000'],
    { stdio: 'ignore', timeout: 60_000 },
  );
  return status === 0;
}
