// What stands in for the browser of a program that opens one (BROWSER): presses the button of whoever AS names.
import { signInAt } from './browser-visit.ts';

const [, , address = ''] = process.argv;
const { status } = await signInAt(address, { email: process.env.AS ?? '' });
process.exitCode = status === 200 ? 0 : 1;
