/** Node's own modules, when they are wanted: a bundler for the browser finds nothing to include. */
export const fs = () => process.getBuiltinModule("node:fs");
export const os = () => process.getBuiltinModule("node:os");
export const path = () => process.getBuiltinModule("node:path");
export const childProcess = () => process.getBuiltinModule("node:child_process");
export const http = () => process.getBuiltinModule("node:http");
