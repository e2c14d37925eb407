import type { Sample, SeparateSample } from '../samples';

/** The page that leads to all others, made from the lists of samples. */
export function renderStartPage(samples: readonly Sample[], separate: readonly SeparateSample[]): string {
  const cards = [
    ...samples.map((sample) => ({ folder: sample.folder, html: renderSample(sample) })),
    ...separate.map((sample) => ({ folder: sample.folder, html: renderSeparate(sample) })),
  ].toSorted((a, b) => (a.folder < b.folder ? -1 : 1));
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Samples · nestjs-sse-views</title>
    <link rel="icon" href="/site/favicon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/site/style.css" />
    <script type="module" src="/site/host.js"></script>
  </head>
  <body>
    <header class="page-head">
      <p class="crumbs"><span>nestjs-sse-views</span></p>
      <h1>Samples</h1>
      <p class="lead">
        One Nest application, one folder for each sample. Every stream can be watched on its page, in a terminal, and in
        <a href="/docs">Swagger UI</a>.
      </p>
    </header>
    <main>
      <ul class="samples">
${cards.map(({ html }) => html).join('\n')}
      </ul>
    </main>
    <footer class="page-foot"><a href="/docs">API documentation</a></footer>
  </body>
</html>
`;
}

function renderSample({ folder, title, shows, route, curl }: Sample): string {
  const [method = '', path = ''] = route.split(' ');
  return `        <li class="card sample">
          <p class="mono muted">sample/${folder}</p>
          <h2><a href="/${folder}/">${escapeHtml(title)}</a></h2>
          <p class="route"><span class="method">${escapeHtml(method)}</span> <code>${escapeHtml(path)}</code></p>
          <p class="sample-shows">${escapeHtml(shows)}</p>
          <pre class="curl"><code>${renderCurl(curl)}</code></pre>
        </li>`;
}

function renderSeparate({ folder, title, shows, command }: SeparateSample): string {
  return `        <li class="card sample">
          <p class="mono muted">sample/${folder}</p>
          <h2>${escapeHtml(title)}</h2>
          <p class="sample-shows">${escapeHtml(shows)}</p>
          <pre class="curl"><code>${escapeHtml(command)}</code></pre>
        </li>`;
}

function renderCurl(curl: string): string {
  return escapeHtml(curl).replaceAll('{host}', '<span data-host>localhost:3000</span>');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
