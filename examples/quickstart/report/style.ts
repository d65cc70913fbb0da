import { PAGE_STYLE } from "../../shared/style.ts";

/** The report's style sheet. */
export const STYLE = `${PAGE_STYLE}
.confusion { font-size: .85rem; } .confusion caption { text-align: left; padding-bottom: .5rem; }
.confusion td, .confusion th { min-width: 2.6rem; height: 2rem; text-align: center; font-weight: 400; }
.confusion th { color: var(--dim); }
.confusion tbody td { background: color-mix(in srgb, var(--warm) var(--strength, 0%), transparent); border: 1px solid var(--rule); }
.confusion tbody td.right { background: color-mix(in srgb, var(--accent) 14%, transparent); font-weight: 600; }
.confusion .none { color: var(--rule); } .confusion tbody td.recall { border: 0; color: var(--dim); min-width: 4rem; }
.chart .raw { stroke: var(--accent); opacity: .3; } .chart .smooth { stroke: var(--accent); stroke-width: 2.2; }
circle.check { fill: var(--good); stroke: var(--card); stroke-width: 1.5; }
.legend i.raw { opacity: .3; } .legend i.check { width: .6rem; height: .6rem; border-radius: 50%; background: var(--good); }
.legend i.positive, .legend i.negative { width: .8rem; height: .8rem; }
.legend i.positive { background: var(--warm); } .legend i.negative { background: var(--accent); }
.filters { display: grid; grid-template-columns: repeat(8, 1fr); gap: .6rem; max-width: 44rem; }
.filters svg { border: 1px solid var(--rule); display: block; width: 100%; height: auto; }
.positive { fill: var(--warm); } .negative { fill: var(--accent); }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(5.6rem, 1fr)); gap: .9rem .6rem; }
figure { margin: 0; } figure img { image-rendering: pixelated; display: block; border: 1px solid var(--rule); border-radius: .3rem; }
figcaption { font-size: .9rem; } figcaption small { margin-left: .5rem; }
blockquote { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 1rem/1.6 Georgia, "Times New Roman", serif; }
.bars { display: grid; grid-template-columns: max-content 1fr max-content; gap: .4rem .8rem; align-items: center; }
.bars i { display: block; height: .9rem; border-radius: .2rem; background: var(--accent); } .bars i.other { background: var(--warm); }
.bars b { font-variant-numeric: tabular-nums; }
`;
