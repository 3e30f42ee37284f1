"""Roll calls as HTML pages that need nothing else: no script, no font, no request leaves them.

Every text is escaped; the page's own policy forbids whatever might be loaded all the same. Printable, light and dark.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Literal

from recognition.one_line import one_line
from recognition.rollcall import ClipSeen, Line, RollCall, Status
from recognition.rollcall_csv import COUNTED
from recognition.rollcall_matrix import Matrix
from recognition.rollcall_style import STYLE
from recognition.rollcall_wording import (
    LETTERS,
    MEANING,
    MOST_WORDS,
    clip_words,
    evidence_words,
    remarks,
    session_title,
    short_key,
)
from recognition.sections import Session

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def session_page(call: RollCall, made_at: datetime, pictures: Mapping[str, bytes]) -> str:
    """One session: who was there and by what it is borne out. `pictures` are JPEGs by their clips' keys."""
    places = {clip.version.upload.key: number for number, clip in enumerate(call.clips, start=1)}
    others = [_line(line, call.session, places) for line in call.others]
    return _page(
        f"Roll call {call.session.section}",
        f"{session_title(call.session.name)} · made {made_at:%Y-%m-%d %H:%M} UTC",
        _counts(line.status for line in call.lines),
        _table(("Student", "Roll call", "Evidence"), [_line(line, call.session, places) for line in call.lines]),
        _section("Others seen", _table(("Student", "", "Evidence"), others)),
        _section("To know", _list(map(escape, remarks(call)))),
        _section("Clips", "".join(_figure(clip, places, pictures) for clip in call.clips)),
        _meaning(line.status for line in call.lines),
    )


def matrix_page(matrix: Matrix, made_at: datetime, told: Sequence[str]) -> str:
    """A section's sessions side by side; `told` is what its reader must know. Many sessions get a letter each."""
    short = len(matrix.sessions) > MOST_WORDS
    rows = [
        [
            _student(row.student_id, row.name) + ("" if row.on_roster else "<br><small>not on the roster</small>"),
            *(_chip(status, short=short) for status in row.statuses),
            *(str(row.statuses.count(counted)) for counted in COUNTED),
        ]
        for row in matrix.rows
    ]
    return _page(
        f"Roll call {matrix.section}",
        f"{len(matrix.sessions)} sessions · made {made_at:%Y-%m-%d %H:%M} UTC",
        _table(("Student", *map(session_title, matrix.sessions), *COUNTED), rows, turned=short),
        _section("To know", _list(map(escape, told))),
        _meaning((status for row in matrix.rows for status in row.statuses), short=short),
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


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], *, turned: bool = False) -> str:
    """`rows` hold HTML, `header` text, which stands upright behind the first if `turned`. Without rows: nothing."""
    head = "".join(f"<th><span>{escape(each)}</span></th>" for each in header)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    kind = ' class="turned"' if turned else ""
    return f"<table{kind}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if rows else ""


def _list(entries: Iterable[str]) -> str:
    found = "".join(f"<li>{entry}</li>" for entry in entries)
    return f"<ul>{found}</ul>" if found else ""


def _counts(statuses: Iterable[str]) -> str:
    counted = Counter(statuses)
    return f"<p class=counts>{''.join(_chip(each, f'{counted[each]} ') for each in MEANING if counted[each])}</p>"


def _chip(status: Status | Literal[""], before: str = "", *, short: bool = False) -> str:
    if not status:
        return ""
    return f'<b class="{status.replace(" ", "-")}" title="{status}">{before}{LETTERS[status] if short else status}</b>'


def _student(student_id: str, name: str) -> str:
    """A name that turns the writing round must not turn the id."""
    return f"{escape(one_line(name))}&ensp;<small>{escape(one_line(student_id))}</small>"


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
    place = "<br><small>the picture is no longer there</small>" if clip.picture_gone else place
    words = f"{escape(short_key(key, clip.version.session))}<br><small>{escape(clip_words(clip))}</small>{place}"
    return f'<figure id="clip-{places[key]}">{shown}<figcaption>{words}</figcaption></figure>'


def _meaning(statuses: Iterable[str], *, short: bool = False) -> str:
    there = set(statuses)
    letter = {each: f"{_chip(each, short=True)} " if short else "" for each in MEANING}
    return _section(
        "Words", _list(f"{letter[each]}{_chip(each)} {text}" for each, text in MEANING.items() if each in there)
    )
