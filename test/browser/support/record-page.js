// Runs in a page before the page's own scripts do.
const recorded = { timeline: [], sources: [] };

// Whatever is added to an element that has an id, in order, however soon the page takes it away again.
new MutationObserver((records) => {
  for (const { target, addedNodes } of records) {
    for (const { textContent } of target.id ? addedNodes : []) {
      recorded.timeline.push({ id: target.id, text: textContent });
    }
  }
}).observe(document, { childList: true, subtree: true });

// Every EventSource of the page, so that its state can be asked for.
window.EventSource = class extends EventSource {
  constructor(...args) {
    super(...args);
    recorded.sources.push(this);
  }
};

window.recorded = recorded;
