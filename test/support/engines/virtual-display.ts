import { Program } from './program';

/** The program that draws to memory. */
export const XVFB = process.env['XVFB'] ?? '/usr/bin/Xvfb';

/** A display that nobody sees, for a browser that cannot do without one. */
export class VirtualDisplay {
  private constructor(
    /** What the environment variable `DISPLAY` has to be. */
    readonly name: string,
    private readonly program: Program,
  ) {}

  /** Starts one under a number that no other display has: Xvfb looks for it, and says which. */
  static async start(): Promise<VirtualDisplay> {
    const program = Program.start(XVFB, ['-displayfd', '1', '-screen', '0', '1280x1000x24', '-nolisten', 'tcp']);
    const number = await program.until(() => /^(\d+)\n/m.exec(program.output)?.[1], 'Xvfb does not name its display');
    return new VirtualDisplay(`:${number}`, program);
  }

  close(): Promise<void> {
    return this.program.end();
  }
}
