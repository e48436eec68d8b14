/** How charts look, light or dark as the reader's system is. */
export const STYLE = `
  .page { fill: #ffffff; stroke: #d0d7de; }
  text { font: 12px system-ui, -apple-system, "Segoe UI", "Helvetica Neue", sans-serif; fill: #1f2328; }
  .title { font-size: 17px; font-weight: 600; }
  .head { font-size: 13px; font-weight: 600; }
  .soft { fill: #59636e; font-weight: 400; }
  .figure { font-variant-numeric: tabular-nums; }
  .ours { fill: #0969da; }
  .others { fill: #818b98; }
  .strong { font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #30363d; }
    text { fill: #f0f6fc; }
    .soft { fill: #9198a1; }
    .ours { fill: #4493f8; }
    .others { fill: #656c76; }
  }`;
