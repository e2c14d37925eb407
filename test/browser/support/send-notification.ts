/** Sends a notification as a terminal does, and gives its id. */
export async function sendNotification(url: string, message: string): Promise<string> {
  const response = await fetch(`${url}/notifications/send`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ message }),
  });
  if (response.status !== 201) {
    throw new Error(`The notification was answered ${response.status}`);
  }
  return ((await response.json()) as { id: string }).id;
}
