// Stands in for the browser that a program opens (BROWSER): presses the button of the person named in AS.
import { signInAt } from './browser-visit.ts';

const [, , address = ''] = process.argv;
const { status } = await signInAt(address, { email: process.env.AS ?? '' });
process.exitCode = status === 200 ? 0 : 1;
