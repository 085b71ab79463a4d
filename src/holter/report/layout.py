"""One document, three ways to lay it out: HTML that stands alone, Markdown, PDF."""

import json
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from holter.charts import WIDE
from holter.errors import InputError, MissingExtra
from holter.report.figure import drawn
from holter.report.picture import png
from holter.report.rendering import rendered, standing_alone
from holter.report.sections import Document

_TEMPLATE: Final = "document.typ"
STANDARD: Final = "a-2b"
"""PDF/A-2b (ISO 19005-2): everything a reader needs is in the file, for as long as it has to be kept."""


def as_html(document: Document) -> str:
    """Return a page that stands alone: style and pictures inside, no other host asked."""
    figures = {
        section.heading: [drawn(each.name, each.caption, each.draw, (), ()) for each in section.pictures]
        for section in document.sections
    }
    return standing_alone("document.html", document=document, figures=figures)


def as_markdown(document: Document) -> str:
    """Return the words and tables as Markdown; pictures are left out. Names from data cannot become markup."""
    return rendered("document.md", document=document)


def as_file(document: Document, path: Path, made: datetime) -> None:
    """Write the document to a file whose ending tells the form.

    Raises
    ------
    InputError
        For another ending than ``.md``, ``.html`` and ``.pdf``.
    MissingExtra
        For a PDF, if Typst is not installed.
    """
    match path.suffix:
        case ".md":
            content = as_markdown(document).encode()
        case ".html":
            content = as_html(document).encode()
        case ".pdf":
            content = as_pdf(document, made)
        case _:
            raise InputError(f"a document is written as .md, .html or .pdf; {path.name!r} has another ending.")
    path.write_bytes(content)


def as_pdf(document: Document, made: datetime) -> bytes:
    """Return the document as PDF/A; the same document and moment make the same bytes.

    Raises
    ------
    MissingExtra
        If Typst is not installed (the extra ``pdf``).
    """
    try:
        import typst
    except ImportError as error:
        raise MissingExtra("a PDF", "pdf") from error
    with TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "data.json").write_text(json.dumps(_plain(document, place), allow_nan=False), encoding="utf-8")
        template = (files("holter.report") / "templates" / _TEMPLATE).read_bytes()
        (place / "main.typ").write_bytes(template)
        made_pdf = typst.compile(
            str(place / "main.typ"),
            root=folder,
            format="pdf",
            ignore_system_fonts=True,
            timestamp=made.replace(microsecond=0),
            pdf_standards=STANDARD,
        )
    return bytes(made_pdf)


def _plain(document: Document, place: Path) -> dict[str, Any]:
    """Return the document as JSON values, its pictures as files beside it."""
    sections: list[dict[str, Any]] = []
    for section in document.sections:
        pictures: list[dict[str, str]] = []
        for picture in section.pictures:
            name = f"{len(sections)}-{len(pictures)}.png"
            (place / name).write_bytes(png(picture.draw(WIDE)))
            pictures.append({"file": name, "caption": picture.caption})
        tables = [
            {"head": each.head, "rows": each.rows, "widths": each.widths, "nothing": each.nothing}
            for each in section.tables
        ]
        sections.append({"heading": section.heading, "words": section.words, "tables": tables, "pictures": pictures})
    return {"title": document.title, "sub": document.sub, "mark": document.mark, "sections": sections}
