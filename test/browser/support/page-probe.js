// Runs in a page before the page's own scripts do: keeps what a page without faults has none of.
window.faults = [];
for (const level of ['error', 'warn']) {
  const log = console[level];
  console[level] = (...args) => {
    window.faults.push(`console ${level}: ${args.map(String).join(' ')}`);
    log.apply(console, args);
  };
}
addEventListener(
  'error',
  (event) => {
    const { target, message } = event;
    window.faults.push(target instanceof Element ? `failed: ${target.src ?? target.href}` : `uncaught: ${message}`);
  },
  true,
);
addEventListener('unhandledrejection', ({ reason }) => window.faults.push(`unhandled rejection: ${reason}`));
document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
  window.faults.push(`against the policy: ${violatedDirective} ${blockedURI}`),
);
