import { followStream } from '../site/resuming-event-source.js';
import { showState } from '../site/connection-state.js';
import { element, prepend } from '../site/elements.js';

const byId = (id) => document.getElementById(id);
const time = new Intl.DateTimeFormat([], { timeStyle: 'medium' });

/** Most entries of the list. */
const MOST = 100;
/** Milliseconds between two messages that this page sends by itself. */
const INTERVAL = 250;
/** Milliseconds until a message that nobody accepted is sent again. */
const AGAIN = 500;

/** Why history was lost, by the reason that a `gap` event gives. */
const REASONS = {
  reset: 'Redis was started anew, without what it had',
  trimmed: 'this page was away for longer than it is kept',
  overflow: 'this page read too slowly',
  invalid: 'Redis does not know where this page left off',
};

/** The instance that serves the stream. */
let servedBy;
/** When that stream was opened, by the server's clock. */
let connectedAt = 0;
/** The heading that says which instance serves now, and how many messages it brought from before. */
let change;

const seen = new Set();
const accepted = new Set();
const counts = { sent: 0, accepted: 0, received: 0, twice: 0, again: 0 };

const listeners = {
  instance(event) {
    const { name } = JSON.parse(event.data);
    const isAnother = servedBy !== undefined;
    servedBy = name;
    showServing();
    change = isAnother ? { heading: element('li', 'note'), missed: 0 } : undefined;
    if (change) {
      change.heading.dataset.instance = name;
      tellChange();
      list(change.heading);
    }
  },
  connected(event) {
    connectedAt = Date.parse(JSON.parse(event.data).at);
  },
  notification(event) {
    const { message, at } = JSON.parse(event.data);
    const isMissed = Date.parse(at) < connectedAt;
    if (change && isMissed) {
      change.missed++;
      tellChange();
    }
    list(entry(message, at, isMissed));
    counts.twice += seen.has(event.lastEventId) ? 1 : 0;
    seen.add(event.lastEventId);
    showCounts();
  },
  gap(event) {
    const { reason } = JSON.parse(event.data);
    list(element('li', 'note', `History was lost: ${REASONS[reason] ?? reason}`));
  },
  // Nothing to show, but its id is where a page resumes that has received nothing else.
  start() {},
  people() {},
};

function tellChange() {
  const { heading, missed } = change;
  const brought = missed === 0 ? '' : `. Sent meanwhile, and caught up with: ${missed}`;
  heading.textContent = `Now served by instance ${nameOf(servedBy)}${brought}`;
}

function list(item) {
  byId('none').hidden = true;
  prepend(byId('messages'), item, MOST);
}

function entry(message, at, isMissed) {
  const when = element('time', '', time.format(new Date(at)));
  when.dateTime = at;
  const by = element('span', 'badge', `by ${nameOf(servedBy)}`);
  by.dataset.instance = servedBy;
  return element(
    'li',
    '',
    element('span', '', message),
    element('span', 'when', ...(isMissed ? [element('span', 'badge', 'caught up')] : []), by, when),
  );
}

const nameOf = (instance) => instance.toUpperCase();

function enter(state) {
  showState(byId('state'), state);
  if (state !== 'open') {
    byId('served-by').textContent = 'no instance';
    delete byId('served-by').dataset.instance;
    markServing(undefined);
  }
}

function showServing() {
  byId('served-by').textContent = `served by ${nameOf(servedBy)}`;
  byId('served-by').dataset.instance = servedBy;
  markServing(servedBy);
}

function markServing(instance) {
  for (const item of byId('instances').children) {
    item.dataset.serves = String(item.dataset.instance === instance);
  }
}

/* The instances */

/** The element of an instance, made when it is first heard of. */
function instanceItem(name) {
  const known = [...byId('instances').children].find((item) => item.dataset.instance === name);
  if (known) {
    return known;
  }
  const state = element('output', 'state');
  const button = (action) => {
    const made = element('button', 'button quiet small', action[0].toUpperCase() + action.slice(1));
    made.type = 'button';
    made.dataset.action = action;
    made.ariaLabel = `${made.textContent} instance ${nameOf(name)}`;
    made.addEventListener('click', () => fetch(`/instances/${name}/${action}`, { method: 'POST' }));
    return made;
  };
  const item = element(
    'li',
    '',
    element('div', 'instance-head', element('span', 'instance-name', `Instance ${nameOf(name)}`), state),
    element('div', 'row', button('stop'), button('kill'), button('start')),
  );
  item.dataset.instance = name;
  item.dataset.serves = String(name === servedBy && byId('served-by').dataset.instance === name);
  byId('instances').append(item);
  return item;
}

new EventSource('/instances').addEventListener('message', (event) => {
  for (const { name, state } of JSON.parse(event.data)) {
    const item = instanceItem(name);
    showState(item.querySelector('.state'), state);
    for (const button of item.querySelectorAll('button')) {
      button.disabled = state !== (button.dataset.action === 'start' ? 'stopped' : 'running');
    }
  }
});

/* Sending */

/** Sends a message until it is accepted, always with the same key: it is published once. */
async function send(message) {
  const key = `${Date.now()}-${Math.random()}`;
  counts.sent++;
  showCounts();
  for (;;) {
    const answer = await attempt(message, key);
    if (answer) {
      return answer;
    }
    counts.again++;
    showCounts();
    await new Promise((resolve) => {
      setTimeout(resolve, AGAIN);
    });
  }
}

/** What the server says of a message; nothing where no instance could take it. */
async function attempt(message, key) {
  try {
    const response = await fetch('/notifications/send', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
      body: JSON.stringify({ message }),
    });
    if (response.status >= 500) {
      return undefined;
    }
    const answer = await response.json();
    if (response.ok) {
      accepted.add(answer.id);
      showCounts();
    }
    counts.sent -= response.ok ? 0 : 1;
    return { isAccepted: response.ok, text: response.ok ? 'Sent' : [answer.message].flat().join(', ') };
  } catch {
    return undefined;
  }
}

function showCounts() {
  counts.accepted = accepted.size;
  counts.received = [...accepted].filter((id) => seen.has(id)).length;
  for (const [name, count] of Object.entries(counts)) {
    byId(name).textContent = count;
  }
}

byId('send').addEventListener('submit', async (submit) => {
  submit.preventDefault();
  const form = submit.target;
  const { message } = Object.fromEntries(new FormData(form));
  const result = byId('send-result');
  result.textContent = '';
  const { isAccepted, text } = await send(message);
  result.className = isAccepted ? 'message' : 'message bad';
  result.textContent = text;
  if (isAccepted) {
    form.reset();
  }
});

let flow;
let number = 0;
byId('flow').addEventListener('click', () => {
  if (flow) {
    clearInterval(flow);
    flow = undefined;
  } else {
    flow = setInterval(() => void send(`Message ${++number}`), INTERVAL);
  }
  byId('flow').ariaPressed = String(flow !== undefined);
});

followStream('/notifications', listeners, enter);
