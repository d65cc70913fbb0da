/** dist/gradgpu.global.js: everything as one classic script, which makes `gradgpu`. For pages of file: and plain `<script>`. */
export * from "./index.ts";
export * as io from "./io/index.ts";
