import { showState, trackState } from '../site/connection-state.js';
import { element } from '../site/elements.js';
import { addMessage, addNote } from './message-log.js';
import { onSubmit, request } from './request.js';

const byId = (id) => document.getElementById(id);

/** Milliseconds until a stream that a server in trouble has refused is tried again. */
const TRY_AGAIN = 2_000;

/** What a `gap` event means to those who read a room, by its reason. */
const REASONS = {
  reset: 'The server was started anew: what was said before is lost',
  trimmed: 'You were away for long: some of what was said is missing here',
  overflow: 'This page read too slowly: some of what was said is missing here',
  invalid: 'The server does not know where you left off: some of what was said may be missing here',
};

let visitor;
let rooms;
let room;
let stream;
let membersTimer;

/** Learns who this is, and which rooms are open. */
async function loadRooms() {
  ({ visitor, rooms } = await request('GET', '/rooms'));
  room = roomOf(room?.name ?? 'lobby');
  showVisitor();
}

function roomOf(wanted) {
  return rooms.find(({ name }) => name === wanted);
}

function enter(chosen) {
  stream?.close();
  stream = undefined;
  room = chosen;
  byId('room-title').textContent = room.title;
  byId('room-kind').textContent = room.isPrivate ? 'private' : 'public';
  for (const name of document.querySelectorAll('[data-room]')) {
    name.textContent = room.name;
  }
  byId('messages').replaceChildren();
  byId('say-result').textContent = '';
  if (room.isOpen) {
    showDoor(false);
    follow();
  } else {
    stayOutside('This room is private. To join, say your name and enter the invite code.', 'members only');
  }
}

/** The whole room: what is remembered of it, then what comes. */
function follow() {
  const opened = trackState(
    new EventSource(`/rooms/${encodeURIComponent(room.name)}/messages`),
    byId('state'),
    (state) => {
      if (state === 'ended') {
        void onRefused(opened);
      }
    },
  );
  stream = opened;
  opened.addEventListener('message', ({ data }) => {
    const message = JSON.parse(data);
    addMessage(byId('messages'), message, message.author.id === visitor?.id);
  });
  for (const [name, verb] of [
    ['joined', 'joined'],
    ['left', 'is no longer a member'],
  ]) {
    opened.addEventListener(name, ({ data }) => {
      addNote(byId('messages'), `${JSON.parse(data).member.name} ${verb}`);
      // Many of them may come at once, out of the history.
      clearTimeout(membersTimer);
      membersTimer = setTimeout(showMembers, 100);
    });
  }
  opened.addEventListener('gap', ({ data }) => {
    addNote(byId('messages'), REASONS[JSON.parse(data).reason], 'lost');
  });
  void showMembers();
}

/** EventSource gives up on any answer but 200, and does not say which one it was: the list of rooms knows more. */
async function onRefused(refused) {
  try {
    await loadRooms();
  } catch {
    // The server is away; so is the reason.
  }
  if (refused !== stream) {
    return;
  }
  if (room.isOpen) {
    showState(byId('state'), 'reconnecting');
    setTimeout(() => refused === stream && enter(room), TRY_AGAIN);
  } else {
    stayOutside(`You are no longer a member of ${room.title}: the server refused to reconnect you.`, 'ended');
  }
}

function stayOutside(why, state) {
  byId('door-why').textContent = why;
  byId('door-result').textContent = '';
  showState(byId('state'), state);
  byId('messages').replaceChildren();
  byId('members').replaceChildren();
  showDoor(true);
}

function showDoor(isShut) {
  byId('door').hidden = !isShut;
  byId('inside').hidden = isShut;
  byId('members-card').hidden = isShut || !room.isPrivate;
}

function showVisitor() {
  const isKnown = visitor !== undefined;
  byId('name').value = visitor?.name ?? byId('name').value;
  byId('visitor').querySelector('button').textContent = isKnown ? 'Change' : 'Say your name';
  byId('text').placeholder = isKnown ? `Message as ${visitor.name}` : 'Say your name first';
  for (const control of document.querySelectorAll('#say > *, #door input, #door button')) {
    control.disabled = !isKnown;
  }
}

async function showMembers() {
  if (!room.isPrivate) {
    return;
  }
  const { name } = room;
  const members = await request('GET', `/rooms/${encodeURIComponent(name)}/members`).catch(() => []);
  if (name === room.name) {
    byId('members').replaceChildren(...members.map(memberOf));
  }
}

function memberOf({ id, name }) {
  const isSelf = id === visitor?.id;
  const remove = element('button', 'button quiet', isSelf ? 'Leave' : 'Remove');
  remove.type = 'button';
  remove.ariaLabel = isSelf ? 'Leave' : `Remove ${name}`;
  remove.addEventListener('click', () => {
    remove.disabled = true;
    void request('DELETE', `/rooms/${encodeURIComponent(room.name)}/members/${id}`).catch(() => showMembers());
  });
  return element('li', '', element('span', '', isSelf ? `${name} (you)` : name), remove);
}

onSubmit(byId('visitor'), byId('visitor-result'), async ({ name }) => {
  visitor = await request('POST', '/visitors', { name });
  showVisitor();
});

onSubmit(byId('say'), byId('say-result'), async ({ text }) => {
  try {
    await request('POST', `/rooms/${encodeURIComponent(room.name)}/messages`, { text });
    byId('text').value = '';
  } catch (error) {
    // A server that was started anew does not know the visitor any more.
    await loadRooms();
    throw error;
  }
});

onSubmit(byId('door'), byId('door-result'), async ({ code }) => {
  await request('POST', `/rooms/${encodeURIComponent(room.name)}/join`, { code });
  byId('code').value = '';
  await loadRooms();
  enter(room);
  byId('text').focus();
});

await loadRooms();
for (const { name, title } of rooms) {
  const radio = element('input', '');
  Object.assign(radio, { type: 'radio', name: 'room', value: name, checked: name === room.name });
  radio.addEventListener('change', () => enter(roomOf(name)));
  byId('rooms').append(element('label', '', radio, title));
}
enter(room);
