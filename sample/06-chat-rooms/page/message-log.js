import { element } from '../site/elements.js';

const time = new Intl.DateTimeFormat([], { timeStyle: 'short' });
/** Most entries of the log. */
const MOST = 200;

/** Adds what somebody said, on the right where it was the reader. */
export function addMessage(log, { author, text, at }, isOwn) {
  const when = element('time', '', time.format(new Date(at)));
  when.dateTime = at;
  append(
    log,
    element(
      'li',
      isOwn ? 'bubble own' : 'bubble',
      element('p', 'by', element('span', 'author', isOwn ? 'You' : author.name), ' ', when),
      element('p', '', text),
    ),
  );
}

/** Adds a line about the room itself. */
export function addNote(log, text, className = '') {
  append(log, element('li', `note ${className}`, text));
}

/** Whoever reads the end of the log sees what comes; whoever has scrolled back is left there. */
function append(log, entry) {
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.append(entry);
  while (log.children.length > MOST) {
    log.firstElementChild.remove();
  }
  if (isAtEnd) {
    log.scrollTop = log.scrollHeight;
  }
}
