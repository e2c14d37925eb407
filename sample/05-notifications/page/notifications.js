import { showState } from '../site/connection-state.js';
import { element } from '../site/elements.js';
import { followStream } from '../site/resuming-event-source.js';
import { showToast } from './toasts.js';

const byId = (id) => document.getElementById(id);
const time = new Intl.DateTimeFormat([], { timeStyle: 'medium' });

/** Why history was lost, by the reason that a `gap` event gives. */
const REASONS = {
  reset: 'the server was started anew, and what it remembered is gone',
  trimmed: 'you were away for longer than it is kept',
  overflow: 'this page read too slowly',
  invalid: 'the server does not know where you left off',
};

/** Most entries of the list. */
const MOST = 50;

/** When the stream was opened, by the server's clock. */
let connectedAt = 0;
/** The heading above what was missed last, and how many there are. */
let missed;

const listeners = {
  connected(event) {
    connectedAt = Date.parse(JSON.parse(event.data).at);
  },
  people(event) {
    const { count } = JSON.parse(event.data);
    byId('people').textContent = count === 1 ? 'only you are here' : `${count} people are here`;
  },
  notification(event) {
    const { message, at } = JSON.parse(event.data);
    if (Date.parse(at) < connectedAt) {
      listMissed(message, at);
    } else {
      list(entry(message, at));
      showToast(byId('toasts'), message);
    }
  },
  gap(event) {
    const { reason } = JSON.parse(event.data);
    list(element('li', 'note lost', `History was lost: ${REASONS[reason] ?? reason}`));
  },
  // Nothing to show, but its id is where a page resumes that has received nothing else.
  start() {},
};

function enter(state) {
  showState(byId('state'), state);
  if (state === 'reconnecting') {
    missed = undefined;
    byId('people').textContent = '';
  }
}

function list(item) {
  byId('none').hidden = true;
  byId('notifications').prepend(item);
  while (byId('notifications').children.length > MOST) {
    byId('notifications').lastElementChild.remove();
  }
}

/** The newest is on top, below the heading of all that was missed. */
function listMissed(message, at) {
  if (!missed) {
    missed = { heading: element('li', 'note'), count: 0 };
    list(missed.heading);
  }
  missed.heading.textContent = `Missed while you were away: ${++missed.count}`;
  missed.heading.after(entry(message, at, element('span', 'missed', 'missed')));
}

function entry(message, at, ...badges) {
  const when = element('time', '', time.format(new Date(at)));
  when.dateTime = at;
  return element('li', '', element('span', '', message), element('span', 'when', ...badges, when));
}

async function send(submit) {
  submit.preventDefault();
  const form = submit.target;
  const result = byId('send-result');
  try {
    const response = await fetch('/notifications/send', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(Object.fromEntries(new FormData(form))),
    });
    const answer = await response.json();
    result.className = response.ok ? 'message' : 'message bad';
    result.textContent = response.ok ? 'Sent' : [answer.message].flat().join(', ');
    if (response.ok) {
      form.reset();
    }
  } catch {
    result.className = 'message bad';
    result.textContent = 'The server did not answer';
  }
}

byId('send').addEventListener('submit', send);
followStream('/notifications', listeners, enter);
