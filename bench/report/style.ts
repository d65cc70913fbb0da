/** The report's looks, light and dark. */
export const STYLE = `
:root { color-scheme: light dark; --ours: light-dark(#0a7d55, #3fcf97); --cpu: light-dark(#8d99ae, #5f6b82);
  --webgpu: light-dark(#a98fc4, #7b6496); --ink: light-dark(#1c2230, #e4e8f0); --faint: light-dark(#5b6475, #9aa5b8); }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); margin: 0; }
main { max-width: 900px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; } h3 { font-size: 1rem; margin: 1rem 0 .2rem; }
table { border-collapse: collapse; margin: .6rem 0; font-size: 13px; }
td, th { text-align: left; vertical-align: top; padding: 2px 14px 2px 0; overflow-wrap: anywhere; }
td:first-child { white-space: nowrap; } th { color: var(--faint); font-weight: 500; }
svg { width: 100%; height: auto; font-size: 12px; overflow: visible; } svg text { fill: var(--ink); }
svg .value { fill: var(--faint); } .ours { fill: var(--ours); } .cpu { fill: var(--cpu); } .webgpu { fill: var(--webgpu); }
.spread { stroke: var(--ink); stroke-width: 1.5; }
.line path { fill: none; stroke: hsl(var(--hue) 45% 55%); stroke-width: 1.5; } .line circle { fill: hsl(var(--hue) 45% 55%); }
.mine path { stroke: var(--ours); stroke-width: 2.5; } .mine circle { fill: var(--ours); }
.mark { border-left: 4px solid #d58a00; padding-left: .8rem; }
button, select { font: inherit; padding: .3rem .8rem; } label { display: inline-block; margin-right: 1rem; }
pre { white-space: pre-wrap; font-size: 12px; }
`;
