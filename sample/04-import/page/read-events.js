/**
 * Reads the body of a `text/event-stream` response, event by event, as it comes.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @yields {{ event: string, data: string, id: string }}
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function* readEvents(body) {
  let name = '';
  let data = [];
  let id = '';
  for await (const line of readLines(body)) {
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (line === '') {
      if (data.length > 0) {
        yield { event: name || 'message', data: data.join('\n'), id };
      }
      name = '';
      data = [];
    } else if (field === 'event') {
      name = value;
    } else if (field === 'data') {
      data.push(value);
    } else if (field === 'id' && !value.includes('\0')) {
      id = value;
    }
  }
}

/** Lines end with LF, CR or CRLF; any of them may come in two chunks. */
async function* readLines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      // A CR at the end of a chunk may be the first half of a CRLF: it waits for the next chunk.
      const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop();
      yield* lines;
    }
  } finally {
    await reader.cancel();
  }
}
