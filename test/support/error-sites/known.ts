/** Errors whose text no test names, by the longest fixed part of it. This list can only become shorter. */

/** They take a host, a browser or a GPU that fails in a way of its own. */
export const ofHosts: readonly string[] = [
  ". Destroy or dispose of what a run makes, and keep no reference to it.",
  ". Use openPage and its errors where they are expected.",
  "Hand over one for each argument of fn.",
  "a binding of nothing",
  "an epilogue that takesEpilogue refuses",
  "launchOptions: this machine must give a port to listen at; got none. Allow 127.0.0.1.",
  "must be equally long; got some that are not those of [",
  "must be installed; got none beside gradgpu or in",
  "nodeAdapter: the npm package webgpu must be installed and have a binary for this platform; got none. Run `npm install --save-dev webgpu`.",
  "nothing is reduced here",
  "only root on Debian can install",
  "openTestBrowser: vite must open a port; got none.",
  "runShader: the shader must compile; got",
  "sameOnAllDevices: fn must give one result where others are compared with it; got",
  "sameOnAllDevices: on",
  'webgpu: every command must be valid; got "',
  "webgpu: results must be mapped; got",
  'webgpu: the GPU must have memory for what is allocated; got "',
  "webgpu: the adapter must give a device; got",
];
