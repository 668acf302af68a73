"""PDF files made by hand: text at places on pages, and what hostile ones hold."""

import zlib
from collections.abc import Mapping, Sequence


def pdf(pages: Sequence[Sequence[str]], title: str = "", extra: Mapping[str, bytes] | None = None) -> bytes:
    """A PDF of pages of printed lines, Latin letters only; an empty line leaves a gap.

    Args:
        extra: page content streams that stand in the place of a page's lines, by its number as text.
    """
    streams = []
    for number, lines in enumerate(pages):
        shown = [f"({_escaped(line)}) Tj T*" if line else "T*" for line in lines]
        made = "\n".join(["BT /F1 11 Tf 13 TL 50 780 Td", *shown, "ET"]).encode("latin-1")
        streams.append((extra or {}).get(str(number), made))
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, stream in enumerate(streams):
        packed = zlib.compress(stream)
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * number} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        bodies.append(f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode() + packed + b"\nendstream")
    bodies.append(f"<< /Title ({_escaped(title)}) >>".encode("latin-1"))
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = len(out)
    out += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    trailer = f"<< /Size {len(bodies) + 1} /Root 1 0 R /Info {len(bodies)} 0 R >>"
    out += f"trailer\n{trailer}\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(out)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
