// Before `npm start` and `npm test`: runs `npm ci` when node_modules is not what package-lock.json says. Plain JavaScript: it runs before Node 24 is here.
const fs = require('node:fs');
const path = require('node:path');
const child = require('node:child_process');
const { linkOwnNode, ownNode } = require('./own-node.cjs');

const root = path.join(__dirname, '..');
const difference = () => differenceOf(packagesIn('package-lock.json'), packagesIn('node_modules/.package-lock.json'));

if (difference()) {
  console.log(`${difference()} Running npm ci.`);
  const status = install();
  if (status === 0 && difference()) {
    console.error(`${difference()} npm could not install it. See why: npm ci --loglevel=warn`);
    process.exit(1);
  }
  if (status !== 0) process.exit(status);
}
linkOwnNode();

/** Of a lock file, every package by its path; undefined where there is none. npm leaves one in node_modules for what it has installed. */
function packagesIn(file) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, file), 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** In words; undefined where there is none. npm skips optional packages that do not suit the machine or cannot be fetched; only the Node that is needed must be there. */
function differenceOf(wanted, installed) {
  if (!installed) return 'Nothing is installed yet.';
  const different = Object.keys(wanted).filter((name) => {
    if (name === '') return false;
    if (!installed[name]) return !wanted[name].optional || name === ownNode;
    return installed[name].version !== wanted[name].version || installed[name].integrity !== wanted[name].integrity;
  });
  return different.length > 0 ? `${different[0]} is not what package-lock.json says.` : undefined;
}

/** By the npm and the Node that run this script, which are not the ones that are about to be replaced. Answers the exit status. */
function install() {
  const npm = process.env.npm_execpath;
  const options = { cwd: root, stdio: 'inherit', shell: !npm };
  const ran = npm
    ? child.spawnSync(process.env.npm_node_execpath || process.execPath, [npm, 'ci'], options)
    : child.spawnSync('npm ci', options);
  if (ran.error) throw ran.error;
  return ran.status === null ? 1 : ran.status;
}
