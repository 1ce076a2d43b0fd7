// Links the Node 24 that package.json installs as `node` of the npm scripts, where the machine's own Node is older.
// npm does so too, but npm 10 removes the link together with the package of the other architecture (npm/cli issue 4362).
const fs = require('node:fs');
const path = require('node:path');

const isNeeded = Number(process.versions.node.split('.')[0]) < 24;
const name = `node-${process.platform}-${process.arch}`;
const modules = path.join(__dirname, '..', 'node_modules');

/** Path of the package in node_modules; undefined where the machine's own Node is new enough. */
exports.ownNode = isNeeded ? `node_modules/${name}` : undefined;

exports.linkOwnNode = function linkOwnNode() {
  const link = path.join(modules, '.bin', 'node');
  if (!isNeeded || fs.existsSync(link) || !fs.existsSync(path.join(modules, name))) return;
  fs.symlinkSync(path.join('..', name, 'bin', 'node'), link);
};

if (require.main === module) exports.linkOwnNode();
