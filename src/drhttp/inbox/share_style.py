"""The style of the file that shows one record offline, light and dark."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --line: #d4d7dd; --dim: #5c6370; --back: #f6f7f9; --bad: #b3261e; --good: #1a7f37; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a3f4a; --dim: #a2a9b5; --back: #23262d; --bad: #ff8a80; --good: #7ee08f; }
}
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.2rem; margin: 0; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); }
h3, h4 { margin: 1rem 0 .3rem; }
small, .note, footer { color: var(--dim); font-weight: normal; }
.failure { border-left: 3px solid var(--bad); padding-left: .7rem; overflow-wrap: anywhere; }
.bad { color: var(--bad); }
.good { color: var(--good); }
pre { background: var(--back); padding: .7rem; margin: .3rem 0; overflow: auto; max-height: 40rem;
  white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.45 ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
th { width: 14rem; font-weight: 600; }
td { font: 13px/1.45 ui-monospace, monospace; }
summary { cursor: pointer; font-weight: 600; margin: .7rem 0 .2rem; }
img { max-width: 100%; background: repeating-conic-gradient(#ccc 0 25%, #fff 0 50%) 0 / 16px 16px; }
footer { margin-top: 2rem; border-top: 1px solid var(--line); }
"""
