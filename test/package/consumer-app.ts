import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { until } from '../support/until';
import { run } from './run';
import { removeFolder, temporaryFolder } from './temporary-folder';

/** How a developer's application is made. */
export interface ConsumerOptions {
  /** Version ranges by package. */
  readonly dependencies: Readonly<Record<string, string>>;
  readonly type: 'commonjs' | 'module';
  /** Of its `tsconfig.json`, beside what every Nest application has. */
  readonly compilerOptions: Readonly<Record<string, unknown>>;
  /** Its files by their paths, `src/app.module.ts` for example. */
  readonly sources: Readonly<Record<string, string>>;
}

const COMPILER_OPTIONS = {
  target: 'es2023',
  strict: true,
  esModuleInterop: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  declaration: true,
  skipLibCheck: true,
  types: ['node'],
  rootDir: 'src',
  outDir: 'dist',
};

/** An application outside the repository, with packages of its own and the library installed from a tarball. */
export class ConsumerApp {
  private readonly running = new Set<RunningApp>();

  private constructor(readonly folder: string) {}

  /** Makes the folder, installs, and compiles with the application's own compiler. */
  static async create(name: string, tarball: string, options: ConsumerOptions): Promise<ConsumerApp> {
    const app = new ConsumerApp(await temporaryFolder(name));
    try {
      await app.write('package.json', JSON.stringify({ name, private: true, type: options.type }));
      await app.write(
        'tsconfig.json',
        JSON.stringify({ compilerOptions: { ...COMPILER_OPTIONS, ...options.compilerOptions }, include: ['src'] }),
      );
      for (const [path, code] of Object.entries(options.sources)) {
        await app.write(path, code);
      }
      const packages = Object.entries(options.dependencies).map(([dependency, range]) => `${dependency}@${range}`);
      await run(
        'npm',
        ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball, ...packages],
        app.folder,
      );
      await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], app.folder);
    } catch (error) {
      await app.remove();
      throw error;
    }
    return app;
  }

  /** The version of a package that was installed. */
  async versionOf(dependency: string): Promise<string> {
    const file = join(this.folder, 'node_modules', dependency, 'package.json');
    return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
  }

  /** Starts `node dist/start.js` with further compiled files of the application. */
  start(adapter: string, ...files: string[]): RunningApp {
    return this.startWith({}, adapter, ...files);
  }

  /** As `start`, with more environment variables. */
  startWith(environment: Readonly<Record<string, string>>, adapter: string, ...files: string[]): RunningApp {
    const app = new RunningApp(
      this.folder,
      environment,
      adapter,
      files.map((file) => join(this.folder, 'dist', file)),
    );
    this.running.add(app);
    return app;
  }

  /** Ends every process that a test left running. */
  async stop(): Promise<void> {
    for (const app of this.running) {
      app.signal('SIGKILL');
      await app.exit;
    }
    this.running.clear();
  }

  async remove(): Promise<void> {
    await this.stop();
    await removeFolder(this.folder);
  }

  private async write(path: string, text: string): Promise<void> {
    const file = join(this.folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

/** A process of an application. */
export class RunningApp {
  /** What it printed so far, to either stream. */
  output = '';
  /** How it ended. */
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  private readonly process: ChildProcess;
  private hasExited = false;

  constructor(folder: string, environment: Readonly<Record<string, string>>, adapter: string, files: string[]) {
    this.process = spawn(process.execPath, ['dist/start.js', adapter, ...files], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString('utf8');
      });
    }
    this.exit = new Promise((resolve) => {
      this.process.once('close', (code, signal) => {
        this.hasExited = true;
        resolve({ code, signal });
      });
    });
  }

  /** @returns the port that it listens on. */
  async listening(): Promise<number> {
    const port = await this.started();
    if (port === undefined) {
      throw new Error(`The application did not start: ${this.output}`);
    }
    return port;
  }

  /** @returns the exit code of an application that refuses to start. */
  async refusal(): Promise<number | null> {
    const port = await this.started();
    if (port !== undefined) {
      throw new Error(`The application did start: ${this.output}`);
    }
    return (await this.exit).code;
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  private async started(): Promise<number | undefined> {
    const port = (): string | undefined => /Listening on \S+:(\d+)/.exec(this.output)?.[1];
    await until(
      () => port() !== undefined || this.hasExited,
      60_000,
      () => `The application neither listens nor ends: ${this.output}`,
    );
    return port() === undefined ? undefined : Number(port());
  }
}
