// oauth4webapi as a file of its own, which only a sign-in, its renewal and its end load.
export * from 'oauth4webapi';
