const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 600;
const HEIGHT = 200;
/** Shows at least so much time, in milliseconds, and with every value a little more, up to its limit. */
const SHORTEST = 10_000;

/**
 * Draws the last values of a stream as a line in an `<svg class="chart">`, the newest one at the right. An element with
 * `data-since` beside it says how long ago the left end was.
 *
 * @param {SVGSVGElement} svg
 * @param {{ seconds: number, min?: number, max?: number }} options the most time it shows, and the scale where it is fixed
 */
export function createLineChart(svg, { seconds, min, max }) {
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  for (const quarter of [1, 2, 3]) {
    const y = (HEIGHT * quarter) / 4;
    addPath('chart-grid').setAttribute('d', `M0 ${y}H${WIDTH}`);
  }
  const area = addPath('chart-area');
  const line = addPath('chart-line');
  const since = svg.parentElement.querySelector('[data-since]');
  let points = [];

  function addPath(className) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('class', className);
    svg.append(path);
    return path;
  }

  function draw() {
    const { time: end } = points.at(-1);
    const shown = Math.max(SHORTEST, end - points[0].time);
    const values = points.map(({ value }) => value);
    const low = min ?? Math.min(...values);
    const high = max ?? Math.max(...values);
    // A scale that fits the values has some room above and below, and a flat line is in its middle.
    const room = min === undefined ? (high - low || 1) * 0.15 : 0;
    const x = (time) => WIDTH - ((end - time) / shown) * WIDTH;
    const y = (value) => HEIGHT - ((value - low + room) / (high - low + 2 * room || 1)) * HEIGHT;
    const steps = points.map(({ time, value }) => `${x(time).toFixed(1)} ${y(value).toFixed(1)}`).join('L');
    line.setAttribute('d', `M${steps}`);
    area.setAttribute('d', `M${steps}V${HEIGHT}H${x(points[0].time).toFixed(1)}Z`);
    since.textContent = `${Math.round(shown / 1000)} s ago`;
  }

  return {
    add(time, value) {
      points = points.filter((point) => point.time > time - seconds * 1000 && point.time < time);
      points.push({ time, value });
      draw();
    },
    clear() {
      points = [];
      line.removeAttribute('d');
      area.removeAttribute('d');
    },
    /** The values that are shown. */
    get values() {
      return points.map(({ value }) => value);
    },
  };
}
