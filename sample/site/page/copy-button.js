import { element } from './elements.js';

/** How long a button says what it did, in milliseconds. */
const SAID = 2_000;

/** Puts a button beside every command line that copies it. */
export function addCopyButtons() {
  for (const box of document.querySelectorAll('.curl')) {
    const button = element('button', 'button quiet copy', 'Copy');
    button.type = 'button';
    const said = element('output', 'visually-hidden');
    button.addEventListener('click', async () => {
      const isCopied = await copy(box);
      button.textContent = isCopied ? 'Copied' : 'Selected';
      said.textContent = isCopied ? 'The command is copied' : 'The command is selected';
      setTimeout(() => {
        button.textContent = 'Copy';
        said.textContent = '';
      }, SAID);
    });
    // With the keyboard it is scrolled when it has the focus.
    box.tabIndex = 0;
    box.setAttribute('role', 'region');
    box.ariaLabel = 'Command';
    const frame = element('div', 'curl-box');
    box.replaceWith(frame);
    frame.append(box, button, said);
  }
}

/** The clipboard is closed to pages that come without TLS, except from this machine: then the text is selected. */
async function copy(box) {
  try {
    await navigator.clipboard.writeText(box.textContent.trim());
    return true;
  } catch {
    getSelection().selectAllChildren(box);
    return false;
  }
}
