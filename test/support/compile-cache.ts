// Where programs that tests run from sources keep their compiled code.

/** Belongs into the environment of such a program and removes most of its start time. jest.config.js sets the place. */
export const compileCache: Record<string, string> = process.env.NODE_COMPILE_CACHE
  ? { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }
  : {};
