import { execFile } from 'node:child_process';

/**
 * Runs a program to its end.
 *
 * @returns what it printed.
 * @throws an error with everything that it printed when it fails.
 */
export function run(program: string, args: string[], cwd: string): Promise<string> {
  const options = {
    cwd,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    maxBuffer: 64 * 1024 * 1024,
  };
  return new Promise((resolve, reject) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error) {
        reject(new Error(`${program} ${args.join(' ')} ended with ${error.code}\n${stdout}\n${stderr}`));
      } else {
        resolve(stdout);
      }
    });
  });
}
