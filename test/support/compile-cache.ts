// Where programs that tests run from sources keep their compiled code.

/** For the environment of such a program; it takes most of its start away. jest.config.js says where. */
export const compileCache: Record<string, string> = process.env.NODE_COMPILE_CACHE
  ? { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }
  : {};
