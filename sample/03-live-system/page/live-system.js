import { showState, trackState } from '../site/connection-state.js';
import { element } from '../site/elements.js';
import { createLineChart } from '../site/line-chart.js';

const byId = (id) => document.getElementById(id);
const scale = { seconds: 60, min: 0, max: 100 };
const cpuChart = createLineChart(byId('cpu-chart'), scale);
const memoryChart = createLineChart(byId('memory-chart'), scale);
const percent = (value) => `${value.toFixed(1)} %`;
const gibibytes = (value) => `${(value / 2 ** 30).toFixed(1)} GiB`;

let readings;

function connect() {
  readings = trackState(new EventSource('/system'), byId('state'), (state) => {
    byId('toggle').textContent = state === 'ended' ? 'Connect' : 'Disconnect';
  });
  readings.addEventListener('reading', (event) => showReading(JSON.parse(event.data)));
}

function disconnect() {
  readings.close();
  showState(byId('state'), 'ended');
  byId('toggle').textContent = 'Connect';
}

function showReading({ at, cpu, memory }) {
  const time = Date.parse(at);
  const used = (memory.used / memory.total) * 100;
  cpuChart.add(time, cpu.load);
  memoryChart.add(time, used);
  byId('cpu').textContent = percent(cpu.load);
  byId('cores-count').textContent = `of ${cpu.cores.length} ${cpu.cores.length === 1 ? 'core' : 'cores'}`;
  byId('memory').textContent = percent(used);
  byId('memory-detail').textContent = `${gibibytes(memory.used)} of ${gibibytes(memory.total)}`;
  cpu.cores.forEach(showCore);
}

function showCore(load, index) {
  const core = byId('cores').children[index] ?? addCore(index);
  core.querySelector('.core-value').textContent = percent(load);
  core.querySelector('.core-load').style.width = `${load}%`;
}

function addCore(index) {
  const core = element(
    'li',
    'core',
    element('span', 'muted', `Core ${index + 1}`),
    element('span', 'core-value'),
    element('div', 'core-bar', element('div', 'core-load')),
  );
  byId('cores').append(core);
  return core;
}

byId('toggle').addEventListener('click', () => {
  if (readings.readyState === EventSource.CLOSED) {
    connect();
  } else {
    disconnect();
  }
});
connect();
