import { addCopyButtons } from './copy-button.js';

/** Command lines name the host that this page came from, whatever its port. */
for (const host of document.querySelectorAll('[data-host]')) {
  host.textContent = location.host;
}
addCopyButtons();
