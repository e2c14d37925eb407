import { load } from 'js-yaml';
import { PriceFeed } from '../../sample/01-stock-prices/price-feed';
import { main } from '../../sample/openapi';
import { findingsOf, type OpenApiDocument } from '../support/openapi-validation';

interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: typeof process.exitCode;
}

async function run(...args: string[]): Promise<Output> {
  const written: string[] = [];
  const errors: string[] = [];
  const stdout = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const stderr = jest.spyOn(console, 'error').mockImplementation((text) => errors.push(String(text)));
  const before = process.exitCode;
  try {
    await main(args);
    return { stdout: written.join(''), stderr: errors.join('\n'), code: process.exitCode };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
    process.exitCode = before;
  }
}

describe('The script that prints the document of the samples', () => {
  it.each(['3.0', '3.1', '3.2'])('prints valid OpenAPI %s, and nothing else', async (version) => {
    const { stdout, stderr, code } = await run('--version', version);
    const document = JSON.parse(stdout) as OpenApiDocument;
    expect(document.openapi).toBe(`${version}.0`);
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(['/stocks', '/system', '/imports']));
    expect(await findingsOf(document)).toEqual([]);
    expect(stdout.includes('"itemSchema"')).toBe(version === '3.2');
    expect([stderr, code]).toEqual(['', undefined]);
  });

  it('prints OpenAPI 3.1 where nothing is said, and the same as YAML', async () => {
    const json = JSON.parse((await run()).stdout) as OpenApiDocument;
    expect(json.openapi).toBe('3.1.0');
    const { stdout } = await run('--yaml');
    expect(stdout).toMatch(/^openapi: 3\.1\.0\n/);
    expect(load(stdout)).toEqual(json);
  });

  it('leaves out the schemas of the streams with --item-schema-only', async () => {
    const { stdout } = await run('--version', '3.2', '--item-schema-only');
    const document = JSON.parse(stdout) as OpenApiDocument;
    expect(await findingsOf(document)).toEqual([]);
    const stream = (document.paths['/system']!['get'] as { responses: Record<string, { content: object }> }).responses;
    expect(stream['200']!.content).toEqual({
      'text/event-stream': {
        itemSchema: {
          anyOf: ['SystemReadingEvent', 'EndEvent', 'StreamErrorEvent'].map((name) => ({
            $ref: `#/components/schemas/${name}`,
          })),
        },
        examples: expect.anything() as object,
      },
    });
  });

  it('creates no controller and no provider', async () => {
    const feed = jest.spyOn(PriceFeed.prototype, 'setPrice');
    await run();
    expect(feed).not.toHaveBeenCalled();
  });

  it.each([
    [['--version', '2.0'], '--version must be one of 3.0, 3.1, 3.2, not 2.0'],
    [['--item-schema-only'], '--item-schema-only needs --version 3.2'],
    [['--json'], "Unknown option '--json'"],
    [['somewhere.json'], "Unexpected argument 'somewhere.json'"],
  ])('refuses %j and says what it takes', async (args, reason) => {
    const { stdout, stderr, code } = await run(...args);
    expect(stdout).toBe('');
    expect(stderr).toContain(reason);
    expect(stderr).toContain('npm run -s openapi -- [options]');
    expect(code).toBe(2);
  });

  it('prints what it takes with --help', async () => {
    const { stdout, code } = await run('--help');
    expect(stdout).toContain('--version 3.0|3.1|3.2');
    expect(code).toBeUndefined();
  });
});
