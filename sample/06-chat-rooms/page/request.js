/**
 * Sends JSON to a route of this server.
 *
 * @returns the answer
 * @throws {Error} with what is to be shown, where the server refuses or does not answer
 */
export async function request(method, path, body) {
  let response;
  try {
    response = await fetch(path, { method, ...(body && json(body)) });
  } catch {
    throw new Error('The server did not answer');
  }
  const answer = response.status === 204 ? undefined : await response.json();
  if (!response.ok) {
    throw new Error([answer.message].flat().join(', '));
  }
  return answer;
}

function json(body) {
  return { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}

/** Shows in `output` what goes wrong when the form is sent. */
export function onSubmit(form, output, send) {
  form.addEventListener('submit', async (submit) => {
    submit.preventDefault();
    output.textContent = '';
    output.classList.remove('bad');
    try {
      await send(Object.fromEntries(new FormData(form)));
    } catch (error) {
      output.classList.add('bad');
      output.textContent = error.message;
    }
  });
}
