// The door through which serverless.yml reaches TypeScript: osls loads only .js and .cjs.
const { settings } = require('./settings.ts');
const { events } = require('./function-events.ts');
const { roles } = require('./function-roles.ts');
const { alarms } = require('./alarms.ts');
const { domain } = require('./domain.ts');
const { httpStage } = require('./http-stage.ts');
const { table, filters } = require('./table-resource.ts');
module.exports = { settings, events, roles, table, filters, alarms, domain, httpStage };
