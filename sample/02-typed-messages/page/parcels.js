import { trackState } from '../site/connection-state.js';
import { element } from '../site/elements.js';

const byId = (id) => document.getElementById(id);
const time = new Intl.DateTimeFormat([], { timeStyle: 'medium' });

/** What to say of a message, by the name of its event: the name of its class on the server. */
const sentences = {
  ParcelPickedUp: ({ from, to }) => `Picked up in ${from}, on its way to ${to}`,
  ParcelMoved: ({ place, stopsLeft }) => `In ${place}, ${stopsLeft} ${stopsLeft === 1 ? 'stop' : 'stops'} left`,
  ParcelDelivered: ({ place, receivedBy }) => `Delivered in ${place}, received by ${receivedBy}`,
};

let journey;

function track(code) {
  journey?.close();
  byId('tracked').textContent = code;
  byId('messages').replaceChildren();
  journey = trackState(new EventSource(`/parcels/${encodeURIComponent(code)}/events`), byId('state'));
  for (const name of Object.keys(sentences)) {
    journey.addEventListener(name, show);
  }
}

function show({ type, data, lastEventId }) {
  const message = JSON.parse(data);
  byId('messages').append(
    element(
      'li',
      type,
      element('span', '', sentences[type](message)),
      element(
        'span',
        'mono muted',
        element('span', 'event-name', type),
        ` · id ${lastEventId} · ${time.format(new Date(message.at))}`,
      ),
    ),
  );
}

byId('track').addEventListener('submit', (submit) => {
  submit.preventDefault();
  track(byId('code').value);
});
track(byId('code').value);
