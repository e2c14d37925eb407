import { encodeJson } from '../../src/event/encode-json';

/** An object that leads to itself in two ways: to follow each way to the end takes for ever. */
function circle(own: object = {}): Record<string, unknown> {
  const object: Record<string, unknown> = { ...own };
  object['left'] = { back: object };
  object['right'] = [object];
  return object;
}

describe('data with circles', () => {
  it('are refused at once, however many ways lead round', () => {
    expect(() => encodeJson(circle())).toThrow(/^The event's data cannot be written as JSON: Converting circular/);
  });

  it('are refused for what JSON cannot express, where that is found on the way', () => {
    expect(() => encodeJson({ deep: circle({ promise: Promise.resolve() }) })).toThrow(
      'The event\'s data has at "deep.promise" a promise',
    );
  });

  it('are sent where toJSON leaves them out', () => {
    expect(encodeJson([circle({ toJSON: () => 'short' })])).toBe('["short"]');
  });
});
