/**
 * Errors whose text no test names, by the longest fixed part of it, and what they take that no test has. This list can only
 * become shorter.
 */
export const ofHosts: Readonly<Record<string, string>> = {
  "webgpu: results must be mapped; got":
    "a GPU that cannot map a buffer, and is neither lost nor out of memory",
  "launchOptions: this machine must give a port to listen at; got none. Allow 127.0.0.1.":
    "a server of Node's that listens and has no address",
  "openTestBrowser: vite must open a port; got none.": "a server of Vite's likewise",
};
