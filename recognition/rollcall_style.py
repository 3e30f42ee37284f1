"""How the roll calls' pages look: light and dark by the reader's own setting, light on paper."""

STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1c1917, #ece9e4); --soft: light-dark(#6b645c, #a39c92);
  --line: light-dark(#e2ddd5, #3a3733); --paper: light-dark(#fffdfa, #171614); }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.05rem; margin: 1.8rem 0 .4rem; }
.soft, small { color: var(--soft); } small { font-size: .82em; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .7rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top;
  overflow-wrap: anywhere; }
th { font-weight: 600; font-size: .82em; color: var(--soft); }
.turned th:not(:first-child) { vertical-align: bottom; } .turned span { white-space: nowrap; }
.turned th:not(:first-child) span { writing-mode: vertical-rl; transform: rotate(180deg); }
.turned td, .turned th { padding-right: .2rem; overflow-wrap: normal; }
.turned td:first-child { min-width: 11rem; overflow-wrap: anywhere; } .turned td b { padding: .08rem .35rem; }
.turned td:nth-last-child(-n+3) { padding-left: .4rem; }
b { display: inline-block; font-weight: 600; font-size: .82em; padding: .08rem .5rem; border-radius: 1rem;
  white-space: nowrap; border: 1px solid; }
.present { color: light-dark(#15803d, #6ee7a0); } .uncertain { color: light-dark(#b45f06, #fbbf5a); }
.absent { color: light-dark(#b91c1c, #fca5a5); }
.no-clip, .not-enrolled, .without-consent { color: var(--soft); border-style: dashed; }
a { color: inherit; text-decoration-color: var(--soft); }
.counts b { margin-right: .4rem; } ul { padding-left: 1.1rem; } li { margin: .3rem 0; }
figure { display: inline-block; width: 19rem; margin: .4rem .8rem .4rem 0; vertical-align: top; }
img { width: 100%; border-radius: .3rem; } figcaption { overflow-wrap: anywhere; font-size: .85em; }
@media print { :root { color-scheme: light; } body { margin: 0; max-width: none; } tr, figure { break-inside: avoid; } }
"""
