/** Errors whose text no test names, by the longest fixed part of it. This list can only become shorter. */

/** They take a host, a browser or a GPU that fails in a way of its own. */
export const ofHosts: readonly string[] = [
  ". Use openPage and its errors where they are expected.",
  "launchOptions: this machine must give a port to listen at; got none. Allow 127.0.0.1.",
  "openTestBrowser: vite must open a port; got none.",
];
