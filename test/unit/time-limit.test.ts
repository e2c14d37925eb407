import { SseValidationTimeoutError } from '../../src/event/sse.error';
import { withTimeLimit } from '../../src/validation/time-limit';
import type { ValidationResult } from '../../src/validation/validate';

describe('the time of a validation', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('is bounded: data that are not judged in time are invalid', async () => {
    const validate = withTimeLimit(() => new Promise<ValidationResult>(() => {}), 5_000);
    let result: ValidationResult | undefined;
    void Promise.resolve(validate('a', undefined)).then((settled) => (result = settled));
    await jest.advanceTimersByTimeAsync(4_999);
    expect(result).toBeUndefined();
    await jest.advanceTimersByTimeAsync(1);
    const message = 'The schema has not answered within 5000 ms (validationTimeout). The event is not sent';
    expect(result).toEqual({ issues: [{ path: [], message }], cause: expect.any(SseValidationTimeoutError) });
    expect((result as { cause: SseValidationTimeoutError }).cause).toMatchObject({
      code: 'SSE_VALIDATION_TIMEOUT',
      timeout: 5_000,
      message,
    });
    expect(jest.getTimerCount()).toBe(0);
  });

  it('takes no timer where the schema answers at once, and leaves none behind', async () => {
    expect(withTimeLimit(() => ({ value: 1 }), 5_000)('a', undefined)).toEqual({ value: 1 });
    expect(jest.getTimerCount()).toBe(0);
    const later = withTimeLimit(() => Promise.resolve({ value: 2 }), 5_000)('a', undefined);
    expect(jest.getTimerCount()).toBe(1);
    expect(await later).toEqual({ value: 2 });
    await jest.advanceTimersByTimeAsync(0);
    expect(jest.getTimerCount()).toBe(0);
  });
});
