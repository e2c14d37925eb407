import { createSampleApp } from './app';

async function main(): Promise<void> {
  const port = Number(process.env['PORT'] || 3000);
  const app = await createSampleApp();
  app.enableShutdownHooks();
  try {
    await app.listen(port);
    console.log(`\nThe samples are at http://localhost:${port}\n`);
  } catch (error) {
    await app.close();
    console.error(`\n${explain(error as NodeJS.ErrnoException, port)}\n`);
    process.exitCode = 1;
  }
}

function explain(error: NodeJS.ErrnoException, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} is taken. Choose another one: PORT=${port + 1} npm start`;
    case 'EACCES':
      return `Port ${port} needs more rights than this process has. Choose one above 1023: PORT=3000 npm start`;
    case 'ERR_SOCKET_BAD_PORT':
      return `PORT must be a whole number from 0 to 65535, not ${process.env['PORT']}`;
    default:
      return `Could not listen on port ${port}: ${error.message}`;
  }
}

void main();
