/**
 * An instance of the Redis backplane in a process of its own: it publishes what its parent asks for. Its argument is the URL,
 * and `run-typescript.js` has to be loaded before it.
 */
const { redisBackplane } = require('../../src/redis/redis-backplane.ts');

const backplane = redisBackplane({ url: process.argv[2] });

process.on('message', ({ id, topic, payload, options }) => {
  backplane.publish(topic, payload, options).then(
    (published) => process.send({ id, published }),
    (error) => process.send({ id, error: `${error.code}: ${error.message}` }),
  );
});
process.once('disconnect', () => process.exit());

backplane.start().then(() => process.send({ isReady: true }));
