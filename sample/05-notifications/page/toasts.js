import { element } from '../site/elements.js';

/** More than these would cover the page; the list has them all. */
const MOST = 4;

/**
 * Shows a text for some seconds, in front of the page. A bar runs out meanwhile; it rests while the pointer is on the toast
 * or the focus is in it. The bar's animation, in the style sheet, is the clock.
 *
 * @param {HTMLElement} toasts a live region, so that screen readers say what comes
 */
export function showToast(toasts, text) {
  const dismiss = element('button', 'toast-dismiss', '×');
  dismiss.type = 'button';
  dismiss.ariaLabel = 'Dismiss';
  const bar = element('div', 'toast-bar');
  const toast = element('div', 'toast', element('p', '', text), dismiss, bar);
  bar.addEventListener('animationend', () => toast.remove());
  dismiss.addEventListener('click', () => {
    const next = toast.nextElementSibling ?? toast.previousElementSibling;
    toast.remove();
    next?.querySelector('button').focus();
  });
  toasts.append(toast);
  if (toasts.children.length > MOST) {
    toasts.firstElementChild.remove();
  }
}
