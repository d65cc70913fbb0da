/** The reports' style sheet: one column, the system's fonts, light and dark as the reader's system is. */
export const PAGE_STYLE = `
:root { color-scheme: light dark;
  --page: #fbfaf8; --card: #ffffff; --ink: #1d2126; --dim: #66707c; --rule: #e4e2dd;
  --accent: #1f6fb2; --warm: #c4570b; --good: #2d7d46; }
@media (prefers-color-scheme: dark) { :root {
  --page: #14171b; --card: #1c2025; --ink: #e6e8ea; --dim: #98a2ad; --rule: #323840;
  --accent: #63b0ee; --warm: #f0924d; --good: #6cc287; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .4rem; }
h2 { font-size: 1.25rem; margin: 2.8rem 0 .8rem; }
h3 { font-size: 1rem; margin: 0 0 .6rem; }
p { margin: 0 0 .8rem; } .lead, small, .legend, caption { color: var(--dim); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .8rem; margin-top: 1.5rem; }
.figures > div, .card { background: var(--card); border: 1px solid var(--rule); border-radius: .6rem; padding: 1rem 1.1rem; }
.figures b { display: block; font-size: 1.7rem; line-height: 1.2; font-weight: 650; font-variant-numeric: tabular-nums; }
.figures span { color: var(--dim); font-size: .85rem; }
.card { margin-bottom: .9rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.facts { width: 100%; } .facts th { text-align: left; font-weight: 500; color: var(--dim); white-space: nowrap; }
.facts th, .facts td { padding: .3rem 1.2rem .3rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
.facts tr:last-child > * { border-bottom: 0; }
.scroll { overflow-x: auto; }
.chart { display: block; width: 100%; height: auto; }
.chart text { font-size: 12px; fill: var(--dim); } .chart .note { fill: var(--warm); font-weight: 600; }
.chart path { fill: none; stroke-linejoin: round; } .grid { stroke: var(--rule); } .axis { stroke: var(--dim); }
.chart .level { stroke: var(--warm); stroke-width: 1.5; stroke-dasharray: 6 5; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; font-size: .85rem; margin: .6rem 0 0; }
.legend i { display: inline-block; width: 1.1rem; height: .25rem; margin-right: .4rem; vertical-align: middle; background: var(--accent); }
`;
