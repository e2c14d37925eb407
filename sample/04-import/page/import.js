import { showState } from '../site/connection-state.js';
import { element } from '../site/elements.js';
import { readEvents } from './read-events.js';

/** The id of the event that ends a stream: without it, the stream broke off. */
const END_ID = '~end';

const byId = (id) => document.getElementById(id);

const show = {
  progress({ done, total }) {
    byId('progress').max = total;
    byId('progress').value = done;
    byId('done').textContent = `${done} of ${total} rows`;
  },
  rejected({ row, errors }) {
    byId('rejected-count').textContent = byId('rejected').children.length + 1;
    byId('rejected').append(
      element(
        'li',
        '',
        element('strong', '', `Row ${row}`),
        ...errors.map(({ detail }) => element('span', 'muted', detail)),
      ),
    );
  },
  summary({ imported, rejected }) {
    say(`${imported} imported, ${rejected} rejected`);
  },
  'stream-error'({ title, detail }) {
    say([title, detail].filter(Boolean).join(': '), true);
  },
};

let controller;

async function run(rows) {
  controller = new AbortController();
  begin(rows.length);
  try {
    const response = await fetch('/imports', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
      body: JSON.stringify({ rows }),
      signal: controller.signal,
    });
    if (!response.ok) {
      const { message } = await response.json();
      say([message].flat().join(', '), true);
      return;
    }
    showState(byId('state'), 'open');
    let isComplete = false;
    for await (const { event, data, id } of readEvents(response.body)) {
      if (id === END_ID) {
        isComplete = true;
        break;
      }
      show[event]?.(JSON.parse(data));
      isComplete = event === 'stream-error';
    }
    if (!isComplete) {
      say('The connection was lost', true);
    }
  } catch {
    say(controller.signal.aborted ? 'Stopped: the server leaves the rest undone' : 'The connection was lost', true);
  } finally {
    end();
  }
}

function begin(total) {
  showState(byId('state'), 'connecting');
  byId('start').disabled = true;
  byId('stop').disabled = false;
  byId('rejected').replaceChildren();
  byId('rejected-count').textContent = 0;
  say('');
  show.progress({ done: 0, total });
}

function end() {
  showState(byId('state'), 'ended');
  byId('start').disabled = false;
  byId('stop').disabled = true;
}

function say(text, bad = false) {
  byId('summary').className = bad ? 'message summary bad' : 'message summary';
  byId('summary').textContent = text;
}

/** Rows as objects, with the names in the first line as keys. Cells stay text: it is the server that validates. */
function parseCsv(text) {
  const [names, ...rows] = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(',').map((cell) => cell.trim()));
  return rows.map((cells) => Object.fromEntries(cells.map((cell, at) => [names[at] || `column ${at + 1}`, cell])));
}

byId('import').addEventListener('submit', (submit) => {
  submit.preventDefault();
  void run(parseCsv(byId('rows').value));
});
byId('stop').addEventListener('click', () => controller.abort());
