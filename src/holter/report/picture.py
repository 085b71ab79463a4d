"""Specification -> SVG, PNG."""

import hashlib
import json
import re
from functools import lru_cache
from html import escape
from typing import Final

from holter.charts import THEME, Spec, recoloured

KEPT: Final = 256
"""Pictures kept in this process; the same content is drawn once."""
SCALE: Final = 2.0
"""Pixels per unit of a PNG: sharp on the displays that read mail."""

_NOISE: Final = (
    re.compile(r' (?:aria-[a-z]+|role|class|pointer-events|cursor|xmlns:xlink|stroke-miterlimit)="[^"]*"'),
    re.compile(r' style="[^"]*"'),
    re.compile(r'<path(?: d="(?:M0,0h0v0h0Z)?"| display="none"| fill="none")*/>'),
    re.compile(r' font-family="[^"]*"'),
)
"""What Vega writes for its own renderer. Inline styles would be refused by the page's security policy."""
_DOT: Final = re.compile(
    r'<path transform="translate\(([\d.-]+),([\d.-]+)\)" d="M([\d.]+),0A[^"]*"((?: fill="[^"]*")?)[^>]*/>'
)
"""A round point, which Vega writes as two arcs."""
_ALIKE: Final = re.compile(r'<path d="([^"]*)"([^>]*)/>(?:<path d="[^"]*"\2/>)+')
"""Neighbours of one look, such as the cells of one shade: one path draws them all."""
_EMPTY: Final = re.compile(r"<g(?: [^>]*)?/>|<g(?: [^>]*[^/>])?></g>")
_NUMBER: Final = re.compile(r"(\d+\.\d{2})\d+")
_TAG: Final = re.compile(r"<[^>]*>")
_HEX: Final = re.compile(r'="(#[0-9a-f]{6})"')
_HEAD: Final = re.compile(r'<svg([^>]*?) width="[^"]*" height="[^"]*" viewBox="([^"]*)">')
_FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


def svg(spec: Spec, dark: bool = False) -> str:
    """Return a picture for a page: its colours are CSS variables, so one picture serves light and dark.

    Each ``var(--holter-...)`` falls back to its light colour (its dark one with ``dark``), so the picture also stands
    alone. The title is left out of the drawing and becomes the accessible name, with the description beside it.
    """
    return _svg(json.dumps(spec, sort_keys=True, allow_nan=False), dark)


def png(spec: Spec, dark: bool = False) -> bytes:
    """Return a picture for a mail: title drawn, opaque ground, twice the pixels."""
    framed = (recoloured(spec) if dark else spec) | {"padding": 12}
    return _png(json.dumps(framed, sort_keys=True, allow_nan=False))


@lru_cache(KEPT)
def _svg(text: str, dark: bool) -> str:
    import vl_convert

    spec = json.loads(text)
    title, words = spec.pop("title", {}), spec.get("description", "")
    name = title.get("text", "") if isinstance(title, dict) else str(title)
    spec["background"] = None
    drawn = vl_convert.vegalite_to_svg(spec)
    return _named(
        _variables(_cleaned(drawn), dark), str(name), str(words), hashlib.sha256(text.encode()).hexdigest()[:8]
    )


@lru_cache(KEPT)
def _png(text: str) -> bytes:
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(json.loads(text), scale=SCALE))


def _cleaned(drawn: str) -> str:
    for noise in _NOISE:
        drawn = noise.sub("", drawn)
    drawn = _DOT.sub(r'<circle cx="\1" cy="\2" r="\3"\4/>', drawn)
    drawn = _ALIKE.sub(_merged, drawn)
    while (smaller := _EMPTY.sub("", drawn)) != drawn:
        drawn = smaller
    return _TAG.sub(lambda tag: _NUMBER.sub(r"\1", tag[0]), drawn)  # a label keeps its digits


def _merged(found: re.Match[str]) -> str:
    lines = "".join(re.findall(r' d="([^"]*)"', found[0]))
    return f'<path d="{lines}"{found[2]}/>'


def _variables(drawn: str, dark: bool) -> str:
    names = {token.light: (f"--holter-{name}", token.dark if dark else token.light) for name, token in THEME.items()}

    def variable(found: re.Match[str]) -> str:
        name, fallback = names.get(found[1], ("", found[1]))
        return f'="var({name}, {fallback})"' if name else found[0]

    return _HEX.sub(variable, drawn)


def _named(drawn: str, name: str, words: str, digest: str) -> str:
    """Give the picture a name and a description, and ids that no other picture on the page has."""
    for place, clip in enumerate(dict.fromkeys(re.findall(r'id="([^"]+)"', drawn))):
        drawn = drawn.replace(f'id="{clip}"', f'id="c{digest}-{place}"').replace(f"#{clip})", f"#c{digest}-{place})")
    head = (
        rf'<svg\1 viewBox="\2" role="img" aria-labelledby="t{digest} d{digest}" font-family="{_FONT}">'
        f'<title id="t{digest}">{_plain(name)}</title><desc id="d{digest}">{_plain(words)}</desc>'
    )
    return _HEAD.sub(head, drawn, count=1)


def _plain(text: str) -> str:
    return escape(text).replace("\\", r"\\")
