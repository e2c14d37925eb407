// Runs in a page before the page's own scripts do: follows one stream and keeps all that its EventSource dispatches.
window.follow = (url, names, withCredentials) => {
  const source = new EventSource(url, { withCredentials });
  const followed = { source, dispatched: [] };
  for (const name of ['open', 'message', 'error', ...names]) {
    source.addEventListener(name, (event) => {
      const { type, data, lastEventId } = event;
      const content = event instanceof MessageEvent ? { data, lastEventId } : {};
      followed.dispatched.push({ type, ...content, readyState: source.readyState });
    });
  }
  window.followed = followed;
};
