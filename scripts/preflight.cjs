// Says in plain words when Node is too old; CommonJS without new syntax, so that an old Node can run it.
var major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    'Latchkey needs Node 24 or newer to run; this is Node ' +
      process.versions.node +
      '.\nOn Linux (x64 or arm64) `npm ci` brings Node 24 along for every npm script. Elsewhere install it from https://nodejs.org.',
  );
  process.exit(1);
}
