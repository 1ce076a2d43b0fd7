// Stops with an explanation if Node is too old. CommonJS without new syntax, so that an old Node can run it.
var major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    'The npm scripts need Node 24 or newer; this is Node ' +
      process.versions.node +
      '.\nOn Linux (x64 or arm64), run `npm ci`: it installs Node 24 for the npm scripts. Elsewhere, install it from https://nodejs.org.',
  );
  process.exit(1);
}
