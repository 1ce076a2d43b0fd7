// The version that healthz and the API document report; a test holds it to package.json.
export const version = '0.1.0';
