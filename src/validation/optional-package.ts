import { createRequire } from 'node:module';
import { SsePackageMissingError } from '../event/sse.error';

/**
 * Loads packages that only some applications need, at the moment they need them.
 *
 * @throws SsePackageMissingError naming the packages to install.
 */
export function loadOptionalPackage<T>(load: () => T, packages: readonly string[], feature: string): T {
  try {
    return load();
  } catch (cause) {
    if (isModuleNotFound(cause, packages)) {
      throw new SsePackageMissingError(packages, feature, { cause });
    }
    throw cause;
  }
}

function isModuleNotFound(error: unknown, packages: readonly string[]): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return (
    (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') &&
    packages.some((name) => message.includes(`'${name}'`))
  );
}

/** Resolves from the application's folder too, where a package manager that does not hoist puts its packages. */
export function requireFromApplication(name: string): unknown {
  try {
    return require(name);
  } catch (error) {
    if (!isModuleNotFound(error, [name])) {
      throw error;
    }
    return createRequire(`${process.cwd()}/`)(name);
  }
}
