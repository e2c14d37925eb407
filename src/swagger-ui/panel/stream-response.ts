/** How much of an answer that is no stream is quoted, in characters. */
const QUOTED = 500;

export function isEventStream({ ok, headers, body }: Response): boolean {
  return ok && body !== null && /^text\/event-stream\b/i.test(headers.get('content-type') ?? '');
}

/** What an answer to a reconnect means that is no event stream. */
export async function explainResponse(response: Response): Promise<{ state: 'ended' | 'error'; note: string }> {
  const { status, statusText, headers } = response;
  if (status === 204) {
    return { state: 'ended', note: 'The server says that there is nothing more (204 No Content).' };
  }
  const answer = `${status} ${statusText}`.trim();
  if (response.ok) {
    await response.body?.cancel();
    return {
      state: 'error',
      note: `The server answered ${answer} with ${headers.get('content-type') ?? 'no content'}.`,
    };
  }
  return { state: 'error', note: `The server answered ${answer}. ${await beginningOf(response)}`.trim() };
}

async function beginningOf({ body }: Response): Promise<string> {
  if (!body) {
    return '';
  }
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let part = await reader.read(); !part.done && text.length <= QUOTED; part = await reader.read()) {
    text += decoder.decode(part.value, { stream: true });
  }
  void reader.cancel();
  return text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
}
