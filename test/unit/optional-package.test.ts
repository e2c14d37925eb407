import type * as CompileClassSchema from '../../src/validation/compile-class-schema';
import { loadOptionalPackage } from '../../src/validation/optional-package';
import { SsePackageMissingError } from '../../src/event/sse.error';

class Price {
  symbol!: string;
}

const missing = (name: string) => (): never => {
  throw Object.assign(new Error(`Cannot find module '${name}'\nRequire stack:\n- /app/main.js`), {
    code: 'MODULE_NOT_FOUND',
  });
};

/** Compiles a class where a package cannot be loaded, and gives the error. */
function compileWithout(name: string, load: () => never): unknown {
  let error: unknown;
  jest.isolateModules(() => {
    jest.doMock(name, load);
    try {
      const { compileClassSchema } = jest.requireActual<typeof CompileClassSchema>(
        '../../src/validation/compile-class-schema',
      );
      compileClassSchema(Price);
    } catch (thrown) {
      error = thrown;
    } finally {
      jest.dontMock(name);
    }
  });
  return error;
}

describe('a class as responseSchema', () => {
  it.each(['class-validator', 'class-transformer'])('without %s names both packages to install', (name) => {
    const error = compileWithout(name, missing(name)) as SsePackageMissingError;
    expect(error).toMatchObject({
      name: 'SsePackageMissingError',
      code: 'SSE_PACKAGE_MISSING',
      packages: ['class-validator', 'class-transformer'],
    });
    expect(error.message).toBe(
      'A class as responseSchema (Price) needs class-validator and class-transformer. ' +
        'Install with: npm install class-validator class-transformer',
    );
    expect((error.cause as Error).message).toContain(name);
  });

  it('does not call a package missing that is there and lacks one of its own', () => {
    expect(compileWithout('class-validator', missing('libphonenumber-js'))).toMatchObject({
      code: 'MODULE_NOT_FOUND',
      message: expect.stringContaining('libphonenumber-js'),
    });
  });

  it('does not call a package missing that is there and broken', () => {
    const broken = (): never => {
      throw new SyntaxError('Unexpected token');
    };
    expect(compileWithout('class-validator', broken)).toMatchObject({ message: 'Unexpected token' });
  });
});

describe('loadOptionalPackage', () => {
  it('gives what it loads', () => {
    expect(loadOptionalPackage(() => 5, ['a'], 'This')).toBe(5);
  });

  it('knows a package that Node itself does not find, by require and by import', () => {
    const name = 'a-package-that-is-not-there';
    const byRequire = (): unknown => require(name);
    const byImport = (): never => {
      throw Object.assign(new Error(`Cannot find package '${name}' imported from /app/main.mjs`), {
        code: 'ERR_MODULE_NOT_FOUND',
      });
    };
    for (const load of [byRequire, byImport]) {
      expect(() => loadOptionalPackage(load, [name], 'This')).toThrow(SsePackageMissingError);
      expect(() => loadOptionalPackage(load, [name], 'This')).toThrow(
        `This needs ${name}. Install with: npm install ${name}`,
      );
    }
  });
});

describe('the library', () => {
  it('loads without any optional package', () => {
    const packages = ['@nestjs/swagger', 'class-validator', 'class-transformer'];
    jest.isolateModules(() => {
      packages.forEach((name) => jest.doMock(name, missing(name)));
      try {
        const library = jest.requireActual<Record<string, unknown>>('../../src/index');
        expect(library).toHaveProperty('SseModule');
      } finally {
        packages.forEach((name) => jest.dontMock(name));
      }
    });
  });
});
