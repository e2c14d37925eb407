import { showState } from '../site/connection-state.js';
import { element, prepend } from '../site/elements.js';
import { createLineChart } from '../site/line-chart.js';
import { followStream } from '../site/resuming-event-source.js';

const byId = (id) => document.getElementById(id);
const time = new Intl.DateTimeFormat([], { timeStyle: 'medium', hourCycle: 'h23' });
const degrees = new Intl.NumberFormat([], { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** Most rows of the table on the page. */
const MOST = 12;
/** What the charts show, in seconds. */
const SECONDS = 60;

/** The card of each sensor, by its name. */
const cards = new Map();
let count = 0;

function showReading(event) {
  const reading = JSON.parse(event.data);
  byId('none').hidden = true;
  byId('count').textContent = `${++count} since this page was opened`;
  showInTable(reading);
  const card = cards.get(reading.sensor) ?? addCard(reading.sensor);
  card.show(Date.parse(reading.at), reading.celsius);
}

function showInTable({ at, sensor, celsius, source }) {
  const when = element('time', '', time.format(new Date(at)));
  when.dateTime = at;
  const row = element(
    'tr',
    '',
    ...[when, sensor, `${degrees.format(celsius)} °C`, source].map((content) => element('td', '', content)),
  );
  row.dataset.source = source;
  prepend(byId('readings'), row, MOST);
}

/** Cards stand in the order of their names. */
function addCard(sensor) {
  const item = byId('sensor-card').content.cloneNode(true).firstElementChild;
  const svg = item.querySelector('svg');
  const value = item.querySelector('.figure-value');
  item.querySelector('h3').textContent = sensor;
  svg.setAttribute('aria-label', `Readings of ${sensor} in the last minute`);
  const next = [...byId('sensors').children].find((other) => other.querySelector('h3').textContent > sensor);
  byId('sensors').insertBefore(item, next ?? null);
  const chart = createLineChart(svg, { seconds: SECONDS });
  let newest = -Infinity;
  const card = {
    show(at, celsius) {
      // Rows come in the order of their transactions; a chart goes by the time that they name.
      if (at > newest) {
        newest = at;
        value.textContent = degrees.format(celsius);
        chart.add(at, celsius);
      }
    },
  };
  cards.set(sensor, card);
  return card;
}

async function add(submit) {
  submit.preventDefault();
  const result = byId('add-result');
  const { sensor, celsius } = Object.fromEntries(new FormData(submit.target));
  try {
    const response = await fetch('/readings', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ sensor, celsius: Number(celsius) }),
    });
    const answer = await response.json();
    result.className = response.ok ? 'message' : 'message bad';
    result.textContent = response.ok ? 'Inserted' : [answer.message].flat().join(', ');
  } catch {
    result.className = 'message bad';
    result.textContent = 'The server did not answer';
  }
}

byId('add').addEventListener('submit', add);
followStream('/readings', { reading: showReading }, (state) => showState(byId('state'), state));
