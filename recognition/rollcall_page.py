"""Roll calls as HTML pages that need nothing else: no script, no font, no request leaves them.

Every text is escaped; the page's own policy forbids whatever might be loaded all the same. Printable, light and dark.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape

from recognition.rollcall import ClipSeen, Line, RollCall
from recognition.rollcall_csv import COUNTED
from recognition.rollcall_matrix import Matrix
from recognition.rollcall_wording import MEANING, clip_words, evidence_words, remarks, short_key
from recognition.sections import Session

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
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


def session_page(call: RollCall, made_at: datetime, pictures: Mapping[str, bytes]) -> str:
    """One session: who was there and by what it is borne out. `pictures` are JPEGs by their clips' keys."""
    places = {clip.version.upload.key: number for number, clip in enumerate(call.clips, start=1)}
    others = [_line(line, call.session, places) for line in call.others]
    return _page(
        f"Roll call {call.session.section}",
        f"{call.session.name or 'all clips'} · made {made_at:%Y-%m-%d %H:%M} UTC",
        _counts(line.status for line in call.lines),
        _table(("Student", "Roll call", "Evidence"), [_line(line, call.session, places) for line in call.lines]),
        _section("Others seen", _table(("Student", "", "Evidence"), others)),
        _section("To know", _list(map(escape, remarks(call)))),
        _section("Clips", "".join(_figure(clip, places, pictures) for clip in call.clips)),
        _meaning(line.status for line in call.lines),
    )


def matrix_page(matrix: Matrix, made_at: datetime, told: Sequence[str]) -> str:
    """A section's sessions side by side; `told` is what its reader must know."""
    rows = [
        [_student(row.student_id, row.name), *map(_chip, row.statuses), *(str(row.statuses.count(c)) for c in COUNTED)]
        for row in matrix.rows
        if row.on_roster or any(row.statuses)
    ]
    header = ("Student", *(name or "all clips" for name in matrix.sessions), *COUNTED)
    return _page(
        f"Roll call {matrix.section}",
        f"{len(matrix.sessions)} sessions · made {made_at:%Y-%m-%d %H:%M} UTC",
        _table(header, rows),
        _section("To know", _list(map(escape, told))),
        _meaning(status for row in matrix.rows for status in row.statuses),
    )


def _page(title: str, subtitle: str, *parts: str) -> str:
    head = f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    head += '<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">'
    start = f"<h1>{escape(title)}</h1><p class=soft>{escape(subtitle)}</p>"
    return (
        f'<!doctype html><html lang="en"><head>{head}<title>{escape(title)}</title><style>{STYLE}</style></head>'
        f"<body>{start}{''.join(parts)}</body></html>\n"
    )


def _section(title: str, content: str) -> str:
    return f"<h2>{title}</h2>{content}" if content else ""


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """`rows` hold HTML, `header` text. Without rows: nothing."""
    head = "".join(f"<th>{escape(each)}</th>" for each in header)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if rows else ""


def _list(entries: Iterable[str]) -> str:
    found = "".join(f"<li>{entry}</li>" for entry in entries)
    return f"<ul>{found}</ul>" if found else ""


def _counts(statuses: Iterable[str]) -> str:
    counted = Counter(statuses)
    return f"<p class=counts>{''.join(_chip(each, f'{counted[each]} ') for each in MEANING if counted[each])}</p>"


def _chip(status: str, before: str = "") -> str:
    return f'<b class="{status.replace(" ", "-")}">{before}{status}</b>' if status else ""


def _student(student_id: str, name: str) -> str:
    return f"{escape(name)}&ensp;<small>{escape(student_id)}</small>"


def _line(line: Line, session: Session, places: Mapping[str, int]) -> tuple[str, str, str]:
    student, chip = _student(line.student_id, line.name), _chip(line.status)
    if not line.evidence:
        return student, chip, escape(line.remark)
    best, more = line.evidence[0], len(line.evidence) - 1
    shown = f'<a href="#clip-{places[best.clip]}">{escape(evidence_words(best, session))}</a>'
    return student, chip, f"{shown}<br><small>and {more} more</small>" if more else shown


def _figure(clip: ClipSeen, places: Mapping[str, int], pictures: Mapping[str, bytes]) -> str:
    key = clip.version.upload.key
    shown = f'<img alt="" src="data:image/jpeg;base64,{b64encode(pictures[key]).decode()}">' if key in pictures else ""
    place = f"<br><small>s3://{escape(clip.picture.bucket)}/{escape(clip.picture.key)}</small>" if clip.picture else ""
    words = f"{escape(short_key(key, clip.version.session))}<br><small>{escape(clip_words(clip))}</small>{place}"
    return f'<figure id="clip-{places[key]}">{shown}<figcaption>{words}</figcaption></figure>'


def _meaning(statuses: Iterable[str]) -> str:
    there = set(statuses)
    return _section("Words", _list(f"{_chip(each)} {text}" for each, text in MEANING.items() if each in there))
