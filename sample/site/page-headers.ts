/** Sent with every page: nothing runs that this server has not served as a file, and no copy is used without asking. */
export const PAGE_HEADERS = {
  'Content-Security-Policy': "default-src 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-cache',
};
