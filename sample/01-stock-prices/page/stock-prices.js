import { showState } from '../site/connection-state.js';
import { element, prepend } from '../site/elements.js';
import { createLineChart } from '../site/line-chart.js';
import { followStream } from '../site/resuming-event-source.js';

const byId = (id) => document.getElementById(id);
const chart = createLineChart(byId('chart'), { seconds: 60 });
const money = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat('en', {
  style: 'percent',
  signDisplay: 'always',
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const time = new Intl.DateTimeFormat([], { timeStyle: 'medium' });

let closePrices;
let firstPrice;
let count;

/** The stream of one symbol; the one before is closed. */
function follow(symbol) {
  closePrices?.();
  firstPrice = undefined;
  count = 0;
  chart.clear();
  for (const name of document.querySelectorAll('[data-symbol]')) {
    name.textContent = symbol;
  }
  byId('new-symbol').value = symbol;
  byId('events').replaceChildren();
  closePrices = followStream(`/stocks?symbol=${encodeURIComponent(symbol)}`, { price: showPrice }, (state) =>
    showState(byId('price-state'), state),
  );
}

function showPrice(event) {
  const { price, at } = JSON.parse(event.data);
  firstPrice ??= price;
  chart.add(Date.parse(at), price);
  byId('price').textContent = money.format(price);
  const change = price / firstPrice - 1;
  byId('change').textContent = `${percent.format(change)} since the first event`;
  byId('change').className = change > 0 ? 'rising' : change < 0 ? 'falling' : 'muted';
  byId('low').textContent = money.format(Math.min(...chart.values));
  byId('high').textContent = money.format(Math.max(...chart.values));
  byId('count').textContent = ++count;
  byId('last-id').textContent = event.lastEventId;
  prepend(
    byId('events'),
    element(
      'li',
      '',
      element('span', 'event-name', event.type),
      element('span', '', event.lastEventId),
      element('span', 'muted', event.data),
    ),
    6,
  );
}

function showHalt(event) {
  const { symbol, change, until } = JSON.parse(event.data);
  byId('no-halts').hidden = true;
  prepend(
    byId('halts'),
    element(
      'li',
      '',
      element('strong', '', symbol),
      element('span', change > 0 ? 'rising' : 'falling', percent.format(change / 100)),
      element('span', 'muted', `until ${time.format(new Date(until))}`),
    ),
    3,
  );
}

async function setPrice(submit) {
  submit.preventDefault();
  const { symbol, price } = Object.fromEntries(new FormData(submit.target));
  const result = byId('set-result');
  try {
    const response = await fetch('/stocks/prices', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ symbol, price: Number(price) }),
    });
    const answer = await response.json();
    result.className = response.ok ? 'message' : 'message bad';
    result.textContent = response.ok
      ? `${answer.symbol} is at ${money.format(answer.price)}`
      : [answer.message].flat().join(', ');
  } catch {
    result.className = 'message bad';
    result.textContent = 'The server did not answer';
  }
}

function offer(symbol, checked) {
  const radio = element('input', '');
  Object.assign(radio, { type: 'radio', name: 'symbol', value: symbol, checked });
  radio.addEventListener('change', () => follow(symbol));
  byId('symbols').append(element('label', '', radio, symbol));
  byId('new-symbol').append(new Option(symbol));
}

const latest = await fetch('/stocks/latest').then((response) => response.json());
latest.forEach(({ symbol }, index) => offer(symbol, index === 0));
follow(latest[0].symbol);

followStream('/stocks/halts', { halt: showHalt }, (state) => showState(byId('halts-state'), state));
byId('set-price').addEventListener('submit', setPrice);
