// The guided page: shows Latchkey's flow step by step through the API. Only the local server has it.
import { ask } from './ask.js';
import { decide } from './decide.js';
import { begin } from './drawing.js';
import { end } from './end.js';
import { role } from './role.js';
import { use } from './use.js';
import { who } from './who.js';

begin([who, role, ask, decide, use, end]);
