"""The contact sheet: one HTML file that shows each photograph, whether it is enrolled, and why not.

Self-contained: pictures within, no script, nothing fetched. The surprising rule: of many students those with a fault
come first and the others are few, because ten thousand portraits make a file that nobody opens.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from recognition.enrolment.faults import ADVICE
from recognition.enrolment.gate import Gate, passes
from recognition.enrolment.taken import Judged, Taken
from recognition.enrolment.thumbnail import thumbnail
from recognition.errors import EnrolmentError
from recognition.photograph import photograph_bytes
from recognition.roster import Student

MOST_FAULTY, MOST_FINE = 1_000, 200  # students; a thousand of them make some twenty megabytes

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Enrolment: contact sheet</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; color: #1f2937; background: #f3f4f6; margin: 0 auto; max-width: 76rem;
  padding: 1.5rem }}
h1 {{ font-size: 1.5rem; margin: 0 }} h2 {{ font-size: 1.05rem; margin: 0 0 .6rem }} small {{ color: #6b7280 }}
section {{ background: #fff; border: 1px solid #e5e7eb; border-radius: .6rem; padding: 1rem; margin-top: 1rem }}
table {{ border-collapse: collapse }} td {{ text-align: left; padding: .15rem 1.2rem .15rem 0; vertical-align: top }}
td:first-child {{ text-align: right; font-variant-numeric: tabular-nums }}
.row {{ display: flex; flex-wrap: wrap; gap: 1rem }}
figure {{ margin: 0; width: 176px; overflow-wrap: anywhere; font-size: .82rem }}
figure div {{ height: 168px; display: flex; align-items: center; justify-content: center; background: #f9fafb;
  border: 4px solid #16a34a; border-radius: .4rem; color: #6b7280; overflow: hidden }}
.doubt div {{ border-color: #d97706 }} .out div {{ border-color: #dc2626 }}
b {{ font-weight: 600 }} .out b {{ color: #b91c1c }} .doubt b {{ color: #92400e }}
.fine b {{ color: #15803d }} img {{ max-width: 168px; max-height: 168px; display: block }}
figcaption p {{ margin: .25rem 0 0 }}
@media print {{ body {{ background: #fff }} section {{ break-inside: avoid }} }}
</style></head><body>
<h1>Contact sheet</h1>
<p>{summary}</p>
{reasons}
{students}
<p><small>{left}</small></p>
</body></html>
"""


def contact_sheet(judged: Sequence[Judged], students: Iterable[Student], gate: Gate) -> bytes:
    """The page, UTF-8. It shows faces and names: whoever writes it keeps it private."""
    names = {student.student_id: student.name for student in students}
    own: dict[str, list[Judged]] = {student_id: [] for student_id in names}
    for each in judged:
        own[each.taken.student_id].append(each)
    faulty = [student_id for student_id, each in own.items() if not each or any(one.faults for one in each)]
    fine = sorted(own.keys() - set(faulty))
    shown = faulty[:MOST_FAULTY] + fine[:MOST_FINE]
    page = PAGE.format(
        summary=_summary(judged, len(own), gate),
        reasons=_reasons(judged),
        students="\n".join(_student(student_id, names[student_id], own[student_id], gate) for student_id in shown),
        left=f"{len(shown):,} of {len(own):,} students are shown, those with a fault first.",
    )
    return page.encode("utf-8", "replace")


def _summary(judged: Sequence[Judged], students: int, gate: Gate) -> str:
    """What became of them all, in one sentence."""
    passed = sum(passes(each, gate) for each in judged)
    doubted = sum(passes(each, gate) and bool(each.faults) for each in judged)
    return (
        f"{students:,} students, {len(judged):,} photographs: <b>{passed:,} pass</b>"
        f"{f' ({doubted:,} of them in spite of a doubt)' if doubted else ''}, <b>{len(judged) - passed:,} do not</b>."
    )


def _reasons(judged: Sequence[Judged]) -> str:
    """A row for each kind of fault there is: how often, and what to do."""
    counts = Counter(fault.kind for each in judged for fault in each.faults)
    rows = "".join(
        f"<tr><td>{count:,}</td><td><b>{kind}</b></td><td>{escape(ADVICE[kind])}</td></tr>"
        for kind, count in counts.most_common()
    )
    return f"<section><table>{rows}</table></section>" if rows else ""


def _student(student_id: str, name: str, judged: Sequence[Judged], gate: Gate) -> str:
    title = escape(name) + ("" if name == student_id else f" <small>{escape(student_id)}</small>")
    figures = "".join(_figures(judged, gate)) or "<p>no photograph</p>"
    return f'<section><h2>{title}</h2><div class="row">{figures}</div></section>'


def _figures(judged: Iterable[Judged], gate: Gate) -> Iterator[str]:
    for each in judged:
        passed = passes(each, gate)
        look, word = ("out", "left out") if not passed else ("doubt", "doubtful") if each.faults else ("fine", "good")
        said = "".join(f"<p>{escape(fault.says)}</p>" for fault in each.faults)
        overruled = "<p>accepted by a person</p>" if each.accepted and passed and each.faults else ""
        caption = f"<b>{word}</b> · {escape(each.taken.photograph.name)}{said}{overruled}"
        yield f'<figure class="{look}"><div>{_picture(each.taken)}</div><figcaption>{caption}</figcaption></figure>'


def _picture(taken: Taken) -> str:
    """The thumbnail with a frame round each face; words where the file cannot be read any more."""
    if taken.seen.unreadable:
        return "no picture"
    try:
        picture = thumbnail(photograph_bytes(taken.photograph), taken.seen)
    except EnrolmentError:
        return "no picture"
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(picture).decode()}">'
