// Written by embed-panel.js from the files in `panel`; change those.

/** The functions of the panel, in plain JavaScript. */
export const PANEL_CODE = `
const KEPT_EVENTS = 200;
const KEPT_NAMES = 100;
const RATE_SECONDS = 5;
class EventLog {
    total = 0;
    ended;
    kept = [];
    counts = new Map();
    filter = '';
    number = 0;
    seconds = [];
    since = 0;
    add(event, now) {
        this.kept.push({ ...event, number: ++this.number, at: now });
        this.total++;
        if (this.counts.has(event.name) || this.counts.size < KEPT_NAMES) {
            this.counts.set(event.name, (this.counts.get(event.name) ?? 0) + 1);
        }
        if (this.kept.length > KEPT_EVENTS) {
            this.kept.splice(Math.max(0, this.filter === '' ? 0 : this.kept.findIndex(({ name }) => name !== this.filter)), 1);
        }
        this.countSecond(now);
    }
    end(event, now) {
        this.ended = { name: '', id: '', hasId: false, data: '', length: 0, ...event, number: this.number, at: now };
    }
    clear() {
        this.kept = [];
        this.ended = undefined;
        this.counts.clear();
        this.total = 0;
    }
    restartRate(now) {
        this.seconds = [];
        this.since = now;
    }
    rate(now) {
        const first = Math.floor(now / 1000) - RATE_SECONDS + 1;
        const count = this.seconds.reduce((sum, entry) => sum + (entry.second >= first ? entry.count : 0), 0);
        return count / Math.max(1, (now - Math.max(this.since, first * 1000)) / 1000);
    }
    show(name) {
        this.filter = name;
    }
    get shownName() {
        return this.filter;
    }
    get shown() {
        return this.filter === '' ? this.kept : this.kept.filter(({ name }) => name === this.filter);
    }
    get names() {
        const names = Array.from(this.counts).toSorted(([a], [b]) => (a < b ? -1 : 1));
        return this.filter === '' || this.counts.has(this.filter) ? names : [[this.filter, 0], ...names];
    }
    countSecond(now) {
        const second = Math.floor(now / 1000);
        const last = this.seconds.at(-1);
        if (last?.second === second) {
            last.count++;
        }
        else {
            this.seconds = [...this.seconds.slice(1 - RATE_SECONDS), { second, count: 1 }];
        }
    }
}

const KEPT_DATA = 10_000;
const LONGEST_LINE = KEPT_DATA + 100;
class EventStreamParser {
    lastEventId;
    retry;
    decoder = new TextDecoder();
    afterCarriageReturn = false;
    line = '';
    lineLength = 0;
    data;
    dataLength = 0;
    name = '';
    hasId = false;
    hasField = false;
    idBuffer;
    constructor(lastEventId = '') {
        this.lastEventId = lastEventId;
        this.idBuffer = lastEventId;
    }
    push(chunk) {
        const events = [];
        const text = this.decoder.decode(chunk, { stream: true });
        if (text === '') {
            return events;
        }
        let start = this.afterCarriageReturn && text[0] === '\\n' ? 1 : 0;
        this.afterCarriageReturn = text.endsWith('\\r');
        let feed = text.indexOf('\\n', start);
        let carriage = text.indexOf('\\r', start);
        while (feed >= 0 || carriage >= 0) {
            const end = feed < 0 || (carriage >= 0 && carriage < feed) ? carriage : feed;
            const isEmpty = end === start && this.lineLength === 0;
            if (!isEmpty) {
                this.extendLine(text, start, end);
            }
            start = end + (end === carriage && feed === end + 1 ? 2 : 1);
            feed = feed >= 0 && feed < start ? text.indexOf('\\n', start) : feed;
            carriage = end === carriage ? text.indexOf('\\r', start) : carriage;
            const event = isEmpty && !this.hasField ? undefined : this.endLine();
            if (event) {
                events.push(event);
            }
        }
        this.extendLine(text, start, text.length);
        return events;
    }
    extendLine(text, start, end) {
        this.line += text.slice(start, Math.min(end, start + LONGEST_LINE - this.line.length));
        this.lineLength += end - start;
    }
    endLine() {
        const { line, lineLength } = this;
        this.line = '';
        this.lineLength = 0;
        if (line === '') {
            return this.dispatch();
        }
        this.hasField = true;
        const colon = line.indexOf(':');
        const field = colon < 0 ? line : line.slice(0, colon);
        const valueStart = colon < 0 ? line.length : colon + (line[colon + 1] === ' ' ? 2 : 1);
        this.takeField(field, line.slice(valueStart), lineLength - valueStart);
        return undefined;
    }
    takeField(field, value, length) {
        const isWhole = value.length === length;
        if (field === 'data') {
            this.extendData(value, length);
        }
        else if (field === 'event' && isWhole) {
            this.name = value;
        }
        else if (field === 'id' && isWhole && !value.includes('\\0')) {
            this.idBuffer = value;
            this.hasId = true;
        }
        else if (field === 'retry' && /^[0-9]+$/.test(value)) {
            this.retry = Number(value);
        }
    }
    extendData(value, length) {
        this.dataLength += (this.data === undefined ? 0 : 1) + length;
        if (this.data === undefined) {
            this.data = value.slice(0, KEPT_DATA);
        }
        else if (this.data.length < KEPT_DATA) {
            this.data = \`\${this.data}\\n\${value}\`.slice(0, KEPT_DATA);
        }
    }
    dispatch() {
        const { data, dataLength, name, hasId } = this;
        this.data = undefined;
        this.dataLength = 0;
        this.name = '';
        this.hasId = false;
        this.hasField = false;
        this.lastEventId = this.idBuffer;
        return data === undefined
            ? undefined
            : { name: name || 'message', id: this.lastEventId, hasId, data, length: dataLength };
    }
}

const QUOTED = 500;
function isEventStream({ ok, headers, body }) {
    return ok && body !== null && /^text\\/event-stream\\b/i.test(headers.get('content-type') ?? '');
}
async function explainResponse(response) {
    const { status, statusText, headers } = response;
    if (status === 204) {
        return { state: 'ended', note: 'The server says that there is nothing more (204 No Content).' };
    }
    const answer = \`\${status} \${statusText}\`.trim();
    if (response.ok) {
        await response.body?.cancel();
        return {
            state: 'error',
            note: \`The server answered \${answer} with \${headers.get('content-type') ?? 'no content'}.\`,
        };
    }
    return { state: 'error', note: \`The server answered \${answer}. \${await beginningOf(response)}\`.trim() };
}
async function beginningOf({ body }) {
    if (!body) {
        return '';
    }
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let text = '';
    for (let part = await reader.read(); !part.done && text.length <= QUOTED; part = await reader.read()) {
        text += decoder.decode(part.value, { stream: true });
    }
    void reader.cancel();
    return text.length > QUOTED ? \`\${text.slice(0, QUOTED)}\\u2026\` : text;
}

const DEFAULT_RETRY = 3_000;
const LONGEST_BACKOFF = 30_000;
const LONGEST_TIMER = 2_147_483_647;
function reconnectDelay(retry, failures) {
    const backoff = failures === 0 ? 0 : Math.min(LONGEST_BACKOFF, 250 * 2 ** failures);
    return Math.min(LONGEST_TIMER, Math.max(retry ?? DEFAULT_RETRY, backoff));
}
function describeDelay(delay) {
    return delay === 0 ? 'at once' : \`in \${Number((delay / 1000).toFixed(1))} s\`;
}

function withLastEventId(request, lastEventId) {
    if (lastEventId === '') {
        return request;
    }
    const others = Object.entries(request.headers ?? {}).filter(([name]) => name.toLowerCase() !== 'last-event-id');
    return { ...request, headers: { ...Object.fromEntries(others), 'Last-Event-ID': asHeader(lastEventId) } };
}
function asksForEventStream({ headers = {} }) {
    return Object.entries(headers).some(([name, value]) => /^accept$/i.test(name) && /text\\/event-stream/i.test(value));
}
function asHeader(id) {
    return Array.from(new TextEncoder().encode(id), (byte) => String.fromCharCode(byte)).join('');
}

function throttled(run, interval) {
    let last = -Infinity;
    let timer;
    return () => {
        timer ??= setTimeout(() => {
            timer = undefined;
            last = performance.now();
            run();
        }, Math.max(0, last + interval - performance.now()));
    };
}

const LONGEST_TURN = 8;
class Turns {
    begun = performance.now();
    restart() {
        this.begun = performance.now();
    }
    get isOver() {
        return performance.now() - this.begun >= LONGEST_TURN;
    }
    async next() {
        await new Promise((resolve) => {
            const { port1, port2 } = new MessageChannel();
            port1.addEventListener('message', () => {
                port1.close();
                resolve();
            });
            port1.start();
            port2.postMessage(null);
        });
        this.restart();
    }
}

const END_ID = '~end';
const ERROR_EVENT = 'stream-error';
const RENDER_INTERVAL = 50;
const SLICE = 16 * 1024;
const CLOSING_TIME = 1_000;
class LiveStream {
    fetch;
    request;
    admit;
    state = 'connecting';
    note = '';
    log = new EventLog();
    connection = new AbortController();
    timer;
    lastEventId = '';
    retry;
    failures = 0;
    hasFailed = false;
    listeners = new Set();
    changed = throttled(() => this.listeners.forEach((listener) => listener()), RENDER_INTERVAL);
    constructor(fetch, request, admit) {
        this.fetch = fetch;
        this.request = request;
        this.admit = admit;
    }
    get isRunning() {
        return this.state === 'connecting' || this.state === 'open' || this.state === 'reconnecting';
    }
    get canResume() {
        return this.state === 'stopped' || this.state === 'error';
    }
    get resumesAfter() {
        return this.lastEventId;
    }
    subscribe(listener) {
        this.listeners.add(listener);
        return () => {
            this.listeners.delete(listener);
        };
    }
    start(response, connection) {
        this.connection = connection;
        void this.read(response, connection);
    }
    stop(note = '') {
        if (this.isRunning) {
            clearTimeout(this.timer);
            this.set('stopped', note);
            this.connection.abort();
        }
    }
    resume() {
        if (this.canResume) {
            this.admit(this);
            this.failures = 0;
            this.set('connecting');
            void this.connect();
        }
    }
    clear() {
        this.log.clear();
        this.changed();
    }
    showOnly(name) {
        this.log.show(name);
        this.changed();
    }
    async connect() {
        const connection = new AbortController();
        this.connection = connection;
        try {
            const { url, ...init } = withLastEventId(this.request, this.lastEventId);
            const response = await this.fetch(url, { ...init, cache: 'no-store', signal: connection.signal });
            if (connection.signal.aborted) {
                await response.body?.cancel();
            }
            else if (isEventStream(response)) {
                await this.read(response, connection);
            }
            else {
                const { state, note } = await explainResponse(response);
                if (!connection.signal.aborted) {
                    this.set(state, note);
                }
            }
        }
        catch (error) {
            this.lose(connection, error);
        }
    }
    async read(response, connection) {
        this.set('open');
        this.hasFailed = false;
        this.log.restartRate(Date.now());
        const parser = new EventStreamParser(this.lastEventId);
        const reader = response.body.getReader();
        connection.signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined));
        const turns = new Turns();
        try {
            for (let part = await reader.read(); !part.done && !connection.signal.aborted; part = await reader.read()) {
                await this.takeInTurns(parser, part.value, turns, connection.signal);
            }
            this.lose(connection);
        }
        catch (error) {
            this.lose(connection, error);
        }
    }
    async takeInTurns(parser, chunk, turns, signal) {
        for (let start = 0; start < chunk.length; start += SLICE) {
            if (turns.isOver) {
                await turns.next();
            }
            if (signal.aborted || this.state === 'ended') {
                return;
            }
            this.take(parser, chunk.subarray(start, start + SLICE));
        }
    }
    take(parser, chunk) {
        for (const event of parser.push(chunk)) {
            if (event.hasId && event.id === END_ID) {
                this.end(event);
                break;
            }
            this.log.add(event, Date.now());
            this.hasFailed = event.name === ERROR_EVENT;
            this.failures = this.hasFailed ? this.failures : 0;
        }
        this.lastEventId = parser.lastEventId;
        this.retry = parser.retry ?? this.retry;
        this.changed();
    }
    end(event) {
        this.log.end(event, Date.now());
        this.set('ended', this.hasFailed ? 'The stream has ended with an error.' : 'The stream has ended.');
        const { connection } = this;
        this.timer = setTimeout(() => connection.abort(), CLOSING_TIME);
    }
    lose(connection, error) {
        if (this.state === 'ended') {
            clearTimeout(this.timer);
            return;
        }
        if (connection.signal.aborted) {
            return;
        }
        if (this.lastEventId === END_ID) {
            this.end(undefined);
            clearTimeout(this.timer);
            return;
        }
        const reason = this.hasFailed
            ? 'The stream ended with an error'
            : error === undefined
                ? 'The server closed the connection'
                : 'The connection was lost';
        if (!isSafe(this.request.method)) {
            this.set(error === undefined && !this.hasFailed ? 'ended' : 'error', \`\${reason}.\`);
            return;
        }
        const delay = reconnectDelay(this.retry, this.failures++);
        this.set('reconnecting', \`\${reason}; trying again \${describeDelay(delay)}.\`);
        this.timer = setTimeout(() => void this.connect(), delay);
    }
    set(state, note = '') {
        this.state = state;
        this.note = note;
        this.changed();
    }
}
function isSafe(method = 'GET') {
    return /^(get|query)$/i.test(method);
}

class OpenStreams {
    most;
    streams = new Map();
    pending = new Map();
    number = 0;
    constructor(most) {
        this.most = most;
    }
    of(body) {
        return typeof body === 'string' ? this.streams.get(body)?.stream : undefined;
    }
    stop(operation) {
        const pending = this.pending.get(operation);
        if (pending) {
            pending.isStopped = true;
            if (pending.asksForEventStream) {
                pending.connection.abort(stoppedEarly());
            }
        }
        this.entriesOf(operation).forEach(([, { stream }]) => stream.stop());
    }
    stopAll() {
        [...this.streams.values()].forEach(({ stream }) => stream.stop());
    }
    keepOnly(operation, body) {
        for (const [text, { stream }] of this.entriesOf(operation)) {
            if (text !== body) {
                stream.stop();
                this.streams.delete(text);
            }
        }
    }
    async fetch(operation, fetch, request) {
        const connection = new AbortController();
        const abort = () => connection.abort(request.signal?.reason);
        request.signal?.addEventListener('abort', abort);
        const pending = { connection, asksForEventStream: asksForEventStream(request), isStopped: false };
        this.pending.set(operation, pending);
        let response;
        try {
            response = await fetch(request.url, { ...request, signal: connection.signal });
        }
        finally {
            if (this.pending.get(operation) === pending) {
                this.pending.delete(operation);
            }
        }
        if (!isEventStream(response)) {
            return response;
        }
        if (pending.isStopped) {
            connection.abort();
            throw stoppedEarly();
        }
        return this.open(operation, new LiveStream(fetch, request, this.makeRoom), response, connection);
    }
    open(operation, stream, response, connection) {
        this.makeRoom();
        const { status, statusText, headers, url } = response;
        const text = \`Event stream \${++this.number} of this page\`;
        this.streams.set(text, { operation, stream });
        stream.start(response, connection);
        return Object.defineProperty(new Response(text, { status, statusText, headers }), 'url', { value: url });
    }
    makeRoom = () => {
        const running = [...this.streams.values()].filter(({ stream }) => stream.isRunning);
        for (const { stream } of running.slice(0, Math.max(0, running.length + 1 - this.most))) {
            stream.stop('Stopped, because another stream was opened.');
        }
    };
    entriesOf(operation) {
        return [...this.streams].filter(([, entry]) => entry.operation === operation);
    }
}
function stoppedEarly() {
    return new DOMException('The stream was stopped before it opened.', 'AbortError');
}

const page = globalThis;
function applyStyle(css) {
    const sheet = new page.CSSStyleSheet();
    sheet.replaceSync(css);
    page.document.adoptedStyleSheets = [...page.document.adoptedStyleSheets, sheet];
}
function onLeaving(listener) {
    page.addEventListener('pagehide', listener);
}

const DEEPEST_INDENT = 20;
const TOKENS = /\\s*(?:("(?:[^"\\\\]|\\\\.)*")(\\s*:)?|(-?\\d[\\d.eE+-]*)|(true|false|null)|([{}[\\],]))/y;
function formatJson(text, isWhole, most = Infinity) {
    if (isWhole ? !isJson(text) : !/^\\s*[{[]/.test(text)) {
        return undefined;
    }
    const pieces = [];
    let plain = '';
    let depth = 0;
    let end = 0;
    const newLine = () => \`\\n\${'  '.repeat(Math.min(depth, DEEPEST_INDENT))}\`;
    let laid = 0;
    const put = (kind, value) => {
        laid += plain.length + value.length;
        if (plain !== '') {
            pieces.push({ kind: 'plain', text: plain });
            plain = '';
        }
        pieces.push({ kind, text: value });
    };
    const next = () => (laid <= most ? TOKENS.exec(text) : null);
    TOKENS.lastIndex = 0;
    for (let token = next(); token; token = next()) {
        const [, string, colon, number, literal, mark] = token;
        end = TOKENS.lastIndex;
        if (string !== undefined) {
            put(colon === undefined ? 'string' : 'key', string);
            plain += colon === undefined ? '' : ': ';
        }
        else if (number !== undefined) {
            put('number', number);
        }
        else if (literal !== undefined) {
            put('literal', literal);
        }
        else if (mark === ',') {
            plain += \`,\${newLine()}\`;
        }
        else if (mark === '{' || mark === '[') {
            const empty = /\\s*[}\\]]/y;
            empty.lastIndex = end;
            if (empty.test(text)) {
                plain += mark === '{' ? '{}' : '[]';
                TOKENS.lastIndex = empty.lastIndex;
                end = empty.lastIndex;
            }
            else {
                depth++;
                plain += \`\${mark}\${newLine()}\`;
            }
        }
        else {
            depth--;
            plain += \`\${newLine()}\${mark}\`;
        }
    }
    plain += text.slice(end);
    return plain === '' ? pieces : [...pieces, { kind: 'plain', text: plain }];
}
function isJson(text) {
    try {
        JSON.parse(text);
        return true;
    }
    catch {
        return false;
    }
}

const BRIEF = { lines: 20, characters: 1_500, pieces: 80 };
const FULL = { lines: 200, characters: Infinity, pieces: 1_000 };
function formatEvent({ data, length }, extent) {
    const whole = formatJson(data, data.length === length, extent.characters) ?? [{ kind: 'plain', text: data }];
    const pieces = [];
    let lines = 1;
    let shown = 0;
    for (const piece of whole) {
        const text = firstLines(piece.text.slice(0, extent.characters - shown), extent.lines - lines);
        put(pieces, { ...piece, text }, extent.pieces);
        if (text.length < piece.text.length) {
            return { pieces, isCut: true };
        }
        lines += text.split('\\n').length - 1;
        shown += text.length;
    }
    return { pieces, isCut: false };
}
function omittedOf({ data, length }, { isCut }) {
    if (isCut) {
        return \`Only the first \${FULL.lines} lines are shown; the data has \${characters(length)}.\`;
    }
    return data.length < length
        ? \`Only the first \${data.length.toLocaleString('en')} of \${characters(length)} are shown.\`
        : '';
}
function put(pieces, piece, most) {
    const last = pieces.length >= most ? pieces.pop() : undefined;
    pieces.push(last ? { kind: 'plain', text: last.text + piece.text } : piece);
}
function firstLines(text, breaks) {
    let end = -1;
    for (let count = 0; count <= breaks; count++) {
        end = text.indexOf('\\n', end + 1);
        if (end < 0) {
            return text;
        }
    }
    return text.slice(0, end);
}
function characters(count) {
    return \`\${count.toLocaleString('en')} characters\`;
}

const SHOWN_FIELD = 200;
function createEventRow({ createElement: h, memo, useReducer }) {
    return memo(({ event, isEnd = false }) => {
        const [isFull, toggle] = useReducer((is) => !is, false);
        const brief = formatEvent(event, BRIEF);
        const formatted = isFull ? formatEvent(event, FULL) : brief;
        const at = new Date(event.at);
        const kind = isEnd ? '--end' : event.name === ERROR_EVENT ? '--error' : undefined;
        return h('span', {
            className: \`\${isEnd ? 'sse-stream__end' : 'sse-stream__event'}\${kind ? \` sse-stream__event\${kind}\` : ''}\`,
        }, h('span', { className: 'sse-stream__head' }, h('time', { dateTime: at.toISOString() }, timeOfDay(at)), isEnd ? h('strong', null, 'The stream has ended') : null, event.name === '' ? null : h('strong', { className: 'sse-stream__name' }, shortened(event.name)), event.id === '' || !event.hasId
            ? null
            : h('span', { className: 'sse-stream__id' }, \`id \${shortened(event.id)}\`)), event.length === 0 && isEnd ? null : h('code', { className: 'sse-stream__data' }, ...coloured(formatted)), brief.isCut
            ? h('button', { type: 'button', className: 'sse-stream__more', 'aria-expanded': isFull, onClick: toggle }, isFull ? 'Show less' : 'Show more')
            : null, isFull || !brief.isCut ? omitted(omittedOf(event, formatted)) : null);
    });
    function coloured({ pieces }) {
        return pieces.map(({ kind, text }, index) => kind === 'plain' ? text : h('span', { key: index, className: \`sse-stream__\${kind}\` }, text));
    }
    function omitted(text) {
        return text === '' ? null : h('em', { className: 'sse-stream__omitted' }, text);
    }
}
function shortened(text) {
    return text.length > SHOWN_FIELD ? \`\${text.slice(0, SHOWN_FIELD)}\\u2026\` : text;
}
function timeOfDay(at) {
    const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
    return \`\${time}.\${String(at.getMilliseconds()).padStart(3, '0')}\`;
}

const STATES = {
    connecting: 'Connecting',
    open: 'Open',
    reconnecting: 'Reconnecting',
    stopped: 'Stopped',
    ended: 'Ended',
    error: 'Error',
};
function renderToolbar({ createElement: h }, stream) {
    const { state, log, note } = stream;
    return h('div', { className: 'sse-stream__toolbar' }, h('div', { className: 'sse-stream__status' }, h('span', { className: \`sse-stream__state sse-stream__state--\${state}\`, role: 'status' }, STATES[state]), h('span', { className: 'sse-stream__figures' }, figures(stream))), h('div', { className: 'sse-stream__controls' }, h('select', {
        'aria-label': 'Filter by event name',
        value: log.shownName,
        onChange: ({ target }) => stream.showOnly(target.value),
    }, h('option', { value: '' }, 'All events'), ...log.names.map(([name, count]) => h('option', { key: name, value: name }, \`\${shortened(name)} (\${count.toLocaleString('en')})\`))), stream.isRunning
        ? h('button', { type: 'button', className: 'btn cancel', onClick: () => stream.stop() }, 'Stop')
        : h('button', {
            type: 'button',
            className: 'btn execute',
            disabled: !stream.canResume,
            onClick: () => stream.resume(),
            ...resumeTitle(stream),
        }, 'Resume'), h('button', { type: 'button', className: 'btn btn-clear', onClick: () => stream.clear() }, 'Clear events')), note === '' ? null : h('p', { className: \`sse-stream__note sse-stream__note--\${state}\` }, note));
}
function figures({ log, state }) {
    const parts = [\`\${log.total.toLocaleString('en')} \${log.total === 1 ? 'event' : 'events'}\`];
    if (state === 'open') {
        const rate = log.rate(Date.now());
        parts.push(\`\${Number(rate.toFixed(rate < 10 ? 1 : 0)).toLocaleString('en')}/s\`);
    }
    if (log.total > KEPT_EVENTS) {
        parts.push(\`last \${KEPT_EVENTS} kept\`);
    }
    return parts.join(' \\u00b7 ');
}
function resumeTitle({ canResume, resumesAfter }) {
    return canResume && resumesAfter !== '' ? { title: \`Sends Last-Event-ID: \${resumesAfter}\` } : {};
}

const NEAR = 40;
function createStreamPanel(react) {
    const { createElement: h, useEffect, useLayoutEffect, useReducer, useRef } = react;
    const EventRow = createEventRow(react);
    return function StreamPanel({ stream }) {
        const [, render] = useReducer((count) => count + 1, 0);
        const list = useRef(null);
        const placed = useRef(0);
        const goesAlong = !list.current || list.current.scrollTop === placed.current || isNearEnd(list.current);
        useEffect(() => stream.subscribe(render), [stream]);
        useEffect(() => () => stream.stop(), [stream]);
        useEffect(() => {
            const timer = setInterval(() => stream.state === 'open' && render(), 1_000);
            return () => clearInterval(timer);
        }, [stream]);
        useLayoutEffect(() => {
            if (list.current && goesAlong) {
                list.current.scrollTop = list.current.scrollHeight;
                placed.current = list.current.scrollTop;
            }
        });
        const { shown: events, ended } = stream.log;
        return h('div', { className: 'sse-stream' }, h('h5', null, 'Event stream'), renderToolbar(react, stream), h('div', { className: 'highlight-code' }, h('pre', {
            className: 'microlight sse-stream__events',
            ref: list,
            tabIndex: 0,
            role: 'log',
            'aria-live': 'off',
            'aria-label': 'Events',
        }, events.length > 0
            ? events.map((event) => h(EventRow, { key: event.number, event }))
            : ended && stream.log.shownName === ''
                ? null
                : h('span', { className: 'sse-stream__empty' }, emptyText(stream)), ended ? h(EventRow, { key: 'end', event: ended, isEnd: true }) : null)));
    };
}
function isNearEnd({ scrollTop, scrollHeight, clientHeight }) {
    return scrollHeight - scrollTop - clientHeight < NEAR;
}
function emptyText({ log, isRunning }) {
    if (log.shownName !== '') {
        return \`No event named "\${log.shownName}".\`;
    }
    return isRunning ? 'Waiting for events\\u2026' : 'No events.';
}

function createPlugin({ React }, { concurrentStreams, css }) {
    const { createElement: h, useEffect, useRef } = React;
    const streams = new OpenStreams(concurrentStreams);
    const StreamPanel = createStreamPanel(React);
    let isOnPage = false;
    const joinPage = () => {
        if (!isOnPage) {
            isOnPage = true;
            applyStyle(css);
            onLeaving(() => streams.stopAll());
        }
    };
    return {
        statePlugins: {
            spec: {
                wrapActions: {
                    executeRequest: (original) => (request) => {
                        const operation = operationKey(request.pathName, request.method);
                        const fetch = request.userFetch ?? ((url, init) => globalThis.fetch(url, init));
                        streams.stop(operation);
                        joinPage();
                        const userFetch = (url, init) => streams.fetch(operation, fetch, { ...init, url });
                        return original({ ...request, userFetch });
                    },
                    setResponse: (original) => (path, method, response) => {
                        const result = original(path, method, response);
                        streams.keepOnly(operationKey(path, method), response?.text);
                        return result;
                    },
                    clearResponse: (original) => (path, method) => {
                        const result = original(path, method);
                        streams.keepOnly(operationKey(path, method));
                        return result;
                    },
                },
            },
        },
        wrapComponents: {
            responseBody: once((Original) => (props) => {
                const stream = streams.of(props.content);
                return stream ? h(StreamPanel, { key: props.content, stream }) : h(Original, props);
            }),
            operation: once((Original) => function StreamingOperation(props) {
                const { operation } = props;
                const key = operationKey(operation.get('path'), operation.get('method'));
                const isTried = Boolean(operation.get('isShown') && operation.get('tryItOutEnabled'));
                const wasTried = useRef(isTried);
                useEffect(() => {
                    if (wasTried.current && !isTried) {
                        streams.stop(key);
                    }
                    wasTried.current = isTried;
                }, [key, isTried]);
                useEffect(() => () => streams.stop(key), [key]);
                return h(Original, props);
            }),
        },
    };
}
function operationKey(path, method) {
    return \`\${String(method)} \${String(path)}\`;
}
function once(wrap) {
    const made = new Map();
    return (original) => {
        const wrapped = made.get(original) ?? wrap(original);
        made.set(original, wrapped);
        return wrapped;
    };
}
`;

/** The rules for its look. */
export const PANEL_CSS = `
/* The table around it takes no width from a long word in here. */
.swagger-ui .sse-stream {
  contain: inline-size;
}

.swagger-ui .sse-stream__toolbar {
  align-items: center;
  color: #3b4151;
  display: flex;
  flex-wrap: wrap;
  font-family: sans-serif;
  font-size: 12px;
  gap: 8px 16px;
  margin: 0 0 8px;
}

.swagger-ui .sse-stream__status,
.swagger-ui .sse-stream__controls {
  align-items: center;
  display: flex;
  flex-wrap: wrap;
  gap: 8px;
  min-width: 0;
}

.swagger-ui .sse-stream__status {
  flex: 1 1 auto;
  gap: 4px 12px;
}

.swagger-ui .sse-stream__state {
  align-items: center;
  display: inline-flex;
  font-weight: 700;
  gap: 6px;
}

.swagger-ui .sse-stream__state::before {
  background: #7d8293;
  border-radius: 50%;
  content: '';
  flex: none;
  forced-color-adjust: none;
  height: 8px;
  width: 8px;
}

.swagger-ui .sse-stream__state--open::before {
  background: #49cc90;
}

.swagger-ui .sse-stream__state--connecting::before,
.swagger-ui .sse-stream__state--reconnecting::before {
  background: #fca130;
}

.swagger-ui .sse-stream__state--error::before {
  background: #f93e3e;
}

.swagger-ui .sse-stream__figures {
  font-variant-numeric: tabular-nums;
}

.swagger-ui .sse-stream__controls .btn {
  font-size: 12px;
  padding: 5px 16px;
}

.swagger-ui .sse-stream__controls .btn.cancel,
.swagger-ui .sse-stream__controls .btn.execute {
  min-width: 84px;
}

.swagger-ui .sse-stream__controls select {
  font-size: 12px;
  margin: 0;
  max-width: 100%;
  min-width: 0;
  padding-bottom: 5px;
  padding-top: 5px;
}

.swagger-ui .sse-stream :focus-visible {
  outline: 2px solid #4990e2;
  outline-offset: 2px;
}

.swagger-ui .sse-stream__note {
  flex-basis: 100%;
  font-family: sans-serif;
  font-size: 12px;
  margin: 0;
  overflow-wrap: anywhere;
  white-space: pre-wrap;
}

.swagger-ui .sse-stream__note--error {
  border-left: 4px solid #f93e3e;
  padding-left: 8px;
}

.swagger-ui .opblock-body pre.microlight.sse-stream__events {
  margin: 0;
  padding: 0;
}

.swagger-ui .sse-stream__event,
.swagger-ui .sse-stream__end,
.swagger-ui .sse-stream__head,
.swagger-ui .sse-stream__data,
.swagger-ui .sse-stream__omitted,
.swagger-ui .sse-stream__empty {
  display: block;
}

.swagger-ui .sse-stream__event,
.swagger-ui .sse-stream__end,
.swagger-ui .sse-stream__empty {
  padding: 8px 10px;
}

.swagger-ui .sse-stream__event + .sse-stream__event,
.swagger-ui .sse-stream__event + .sse-stream__end {
  border-top: 1px solid rgba(255, 255, 255, 0.12);
}

.swagger-ui .sse-stream__event--error {
  background: rgba(249, 62, 62, 0.2);
  box-shadow: inset 4px 0 #f93e3e;
}

.swagger-ui .sse-stream__event--end {
  box-shadow: inset 4px 0 #7d8293;
}

.swagger-ui .sse-stream__head {
  color: #b7bcbf;
  display: flex;
  flex-wrap: wrap;
  font-weight: 400;
  gap: 0 12px;
  margin-bottom: 2px;
}

.swagger-ui .sse-stream__name {
  color: #7fc4ff;
  font-weight: 700;
  overflow-wrap: anywhere;
}

.swagger-ui .sse-stream__event--error .sse-stream__name {
  color: #ff9c9c;
}

.swagger-ui .sse-stream__id {
  min-width: 0;
  overflow-wrap: anywhere;
}

.swagger-ui .sse-stream .sse-stream__data {
  background: none;
  color: inherit;
  font: inherit;
  padding: 0;
  white-space: pre-wrap;
  word-break: break-word;
}

.swagger-ui .sse-stream__string {
  color: #a2fca2;
}

.swagger-ui .sse-stream__number {
  color: #ff9a9a;
}

.swagger-ui .sse-stream__literal {
  color: #fcc28c;
}

.swagger-ui .sse-stream__omitted,
.swagger-ui .sse-stream__empty {
  color: #b7bcbf;
  font-style: italic;
  font-weight: 400;
}

.swagger-ui .sse-stream__more {
  background: none;
  border: 1px solid #7d8293;
  border-radius: 4px;
  color: #e4e6e6;
  cursor: pointer;
  font: 12px sans-serif;
  margin-top: 6px;
  padding: 3px 10px;
}

html.dark-mode .swagger-ui .sse-stream__toolbar {
  color: #e4e6e6;
}

html.dark-mode .swagger-ui .sse-stream :focus-visible {
  outline-color: #51a8ff;
}
`;
