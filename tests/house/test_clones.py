"""At most 3 % of the lines of the source stand in a run of eight or more that stands elsewhere too."""

import re
from collections import defaultdict
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "holter"
RUN = 8
MOST_CLONED = 0.03


def _lines(path: Path) -> list[tuple[int, str]]:
    kept = []
    for number, line in enumerate(path.read_text().splitlines()):
        text = re.sub(r"\s+", " ", line.strip())
        if len(text) > 3 and not text.startswith(("#", "import ", "from ", '"""')):
            kept.append((number, text))
    return kept


def test_few_lines_stand_twice():
    places = defaultdict(list)
    total = 0
    for path in SOURCE.rglob("*.py"):
        lines = _lines(path)
        total += len(lines)
        for index in range(len(lines) - RUN + 1):
            run = tuple(text for _, text in lines[index : index + RUN])
            places[run].append([(path, number) for number, _ in lines[index : index + RUN]])
    cloned = {place for runs in places.values() if len(runs) > 1 for run in runs for place in run}
    assert total > 0
    assert len(cloned) / total <= MOST_CLONED, sorted({f"{p.relative_to(SOURCE)}:{n + 1}" for p, n in cloned})
