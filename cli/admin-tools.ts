// The tools of the admin commands as one file: the build puts it next to the program, which loads it only when one of them is named.
export { runCases } from '../admin/catalogue/cases.ts';
export { check } from '../admin/catalogue/check.ts';
export { diff } from '../admin/catalogue/diff.ts';
export { explain } from '../admin/catalogue/explain.ts';
export { who } from '../admin/catalogue/who.ts';
export { newExternalId, targetText } from '../admin/target.ts';
