"""Files as people really save them: each is read, or told with its row and what to do about it."""

from __future__ import annotations

import codecs
import csv
import io
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.shell.csv_rows import CsvFile, open_csv
from accord.shell.csv_text import LONGEST_LINE, Lines, Unreadable

ACCENTED = "email,name\nada@example.org,Adèle Œuvrard\nbob@example.org,Zoé\n"


def read(path: Path, content: bytes | str, **asked) -> tuple[CsvFile, list]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with open_csv(path, {"email", "name"}.__contains__, **asked) as table:
        return table, list(table.rows())


def cells(rows: list) -> list[list[str]]:
    return [list(row.cells) for row in rows]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tmp_path / "base.csv"


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (ACCENTED.encode(), "UTF-8"),
        (codecs.BOM_UTF8 + ACCENTED.encode(), "UTF-8 with a byte order mark"),
        (codecs.BOM_UTF16_LE + ACCENTED.encode("utf-16-le"), "UTF-16"),
        (codecs.BOM_UTF16_BE + ACCENTED.encode("utf-16-be"), "UTF-16"),
        (ACCENTED.encode("utf-32"), "UTF-32"),
        (ACCENTED.encode("cp1252"), "Windows-1252"),
        (ACCENTED.encode("iso8859-15"), "ISO-8859-15"),
    ],
)
def test_the_encoding_is_told_from_the_file(base: Path, content: bytes, title: str) -> None:
    table, rows = read(base, content)
    assert table.file.encoding.title == title
    assert table.header == ("email", "name")
    assert cells(rows) == [["ada@example.org", "Adèle Œuvrard"], ["bob@example.org", "Zoé"]]
    assert len(table.file.digest) == 64


def test_the_encoding_can_be_said(base: Path) -> None:
    _, rows = read(base, ACCENTED.encode("utf-16-le"), encoding="utf-16-le")
    assert cells(rows)[0][1] == "Adèle Œuvrard"
    for wanted in ("klingon", "base64", "utf\0"):
        with pytest.raises(Unreadable, match="encoding"):
            read(base, ACCENTED, encoding=wanted)


def test_a_broken_byte_in_utf_8_breaks_its_own_row_alone(base: Path) -> None:
    content = ("email,name\n" + "ada@example.org,Adèle\n" * 3).encode() + b"bob@example.org,Zo\xe9\n"
    table, rows = read(base, content)
    assert table.file.encoding.title == "UTF-8"
    assert cells(rows)[:3] == [["ada@example.org", "Adèle"]] * 3
    assert cells(rows)[3] == ["bob@example.org", "Zo\udce9"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n  \n", "is empty"),
        (codecs.BOM_UTF8, "is empty"),
        (b"PK\x03\x04rest", "Excel"),
        (b"\x1f\x8b\x08rest", "compressed"),
        (ACCENTED.encode("utf-16-le"), "UTF-16 without its mark"),
        (codecs.BOM_UTF16_LE + b"a\0b", "is not utf-16"),
        (b'email,"name\n', "header can't be read"),
        (b"x" * (LONGEST_LINE + 10), "header can't be read"),
    ],
)
def test_what_is_no_table_is_told_why(base: Path, content: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read(base, content)


def test_a_folder_or_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.csv"):
        with pytest.raises(Unreadable), open_csv(path):
            pass


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        ("email,name\na@example.org,x\n", ","),
        ("email;name\na@example.org;x\n", ";"),
        ("email\tname\na@example.org\tx\n", "\t"),
        ("email|name\na@example.org|x\n", "|"),
        ('"email";"name, first"\na@example.org;"x, y"\n', ";"),
        ('email;"a,b,c,d,e"\na@example.org;x\n', ";"),
        ("email;name, first, or last\na@example.org;x\n", ";"),
        ('"name;email;x",email\n"a;b",a@example.org\n', ","),
        ("email\na@example.org\nb@example.org\n", ","),
        ("sep=;\nemail;name\na@example.org;x\n", ";"),
        ("kept,value\n1;2,3\n4;5,6\n", ","),
    ],
)
def test_the_separator_is_told_from_the_file(base: Path, content: str, separator: str) -> None:
    table, rows = read(base, content)
    assert table.separator == separator
    assert all(row.fault is None and len(row.cells) == len(table.header) for row in rows)


def test_the_separator_can_be_said(base: Path) -> None:
    table, rows = read(base, "email:name\na@example.org:x\n", separator=":")
    assert (table.header, cells(rows)) == (("email", "name"), [["a@example.org", "x"]])


def test_rows_are_counted_as_a_spreadsheet_does_and_lines_as_an_editor(base: Path) -> None:
    content = (
        'email,name\r\nada@example.org,"two\r\nlines"\r\n\r\nbob@example.org,x,y\r\n,\r\neve@example.org,z'
    )
    _, rows = read(base, content)
    assert [(row.number, row.line, row.fault) for row in rows] == [
        (2, 2, None),
        (4, 5, "it has 3 fields where the header has 2"),
        (6, 7, None),
    ]
    assert rows[0].cells[1] == "two\r\nlines"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_like(base: Path, end: str) -> None:
    _, rows = read(base, end.join(["email,name", "a@example.org,x", 'b@example.org,"y""z"', ""]))
    assert cells(rows) == [["a@example.org", "x"], ["b@example.org", 'y"z']]


def test_empty_fields_beyond_the_last_column_are_nothing(base: Path) -> None:
    _, rows = read(base, "email,name\na@example.org,x,,\nb@example.org\n")
    assert [row.fault for row in rows] == [None, "it has 1 fields where the header has 2"]


def test_a_quotation_mark_that_is_not_closed_costs_its_own_row_alone(base: Path) -> None:
    many = "".join(f"p{number}@example.org,x\n" for number in range(9_000))
    _, rows = read(base, f'email,name\nada@example.org,"open\n{many}')
    assert rows[0].fault is not None
    assert "quotation mark" in rows[0].fault
    assert (rows[0].number, rows[0].line) == (2, 2)
    assert len(rows) == 9_001
    assert [row.number for row in rows] == list(range(2, 9_003))
    assert (rows[1].line, rows[-1].line) == (3, 9_002)


def test_a_quotation_mark_inside_costs_its_own_row_alone(base: Path) -> None:
    _, rows = read(base, 'email,name\nada@example.org,"Le "Bar""\nbob@example.org,x\n')
    assert [(row.number, row.fault is None) for row in rows] == [(2, False), (3, True)]


def test_enormous_lines_and_fields_cost_their_own_row_alone(base: Path) -> None:
    field, line = "x" * 140_000, "y" * (3 * LONGEST_LINE)
    content = f'email,name\na@example.org,{field}\nb@example.org,"open\n{line}\nc@example.org,x\n{line}'
    _, rows = read(base, content)
    assert [(row.number, row.line) for row in rows if row.fault is None] == [(5, 5)]
    assert [(row.number, row.line) for row in rows if row.fault is not None] == [
        (2, 2),
        (3, 3),
        (4, 4),
        (6, 6),
    ]


def test_a_row_without_end_costs_its_first_line_alone(base: Path) -> None:
    base.write_text('email,name\n"open\n' + 'x","y\n' * 60_000, encoding="utf-8")
    with open_csv(base) as table:
        rows = list(islice(table.rows(), 3))
    assert [(row.number, row.line, row.fault is None) for row in rows] == [
        (2, 2, False),
        (3, 3, False),
        (4, 4, False),
    ]


def test_a_file_of_broken_rows_is_given_up_at_last() -> None:
    lines = Lines(io.StringIO("a\nb\nc\n" * 9), most_again=30)

    def again() -> None:
        lines.begin()
        for _ in range(3):
            next(lines)
        lines.back_to_second()

    again()
    assert (lines.number, next(lines)) == (1, "b\n")
    with pytest.raises(Unreadable, match="too many places"):
        for _ in range(9):
            again()


def test_nuls_are_left_to_whoever_reads_the_fields(base: Path) -> None:
    _, rows = read(base, b"email,name\na@example.org,x\0y\n")
    assert cells(rows) == [["a@example.org", "x\0y"]]


texts = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=12)


@given(
    st.lists(st.tuples(st.just("a@example.org"), texts), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_csv_writer_writes_is_read_back(tmp_path: Path, rows, separator, encoding, end) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(("email", "name"))
    writer.writerows(rows)
    _, found = read(tmp_path / "written.csv", out.getvalue().encode(encoding))
    assert [tuple(row.cells) for row in found] == rows


@given(
    st.binary(max_size=300) | st.binary(max_size=60).map(lambda tail: b'email,name\na@example.org,"' + tail)
)
def test_whatever_the_bytes_there_are_rows_or_a_reason(tmp_path: Path, content: bytes) -> None:
    try:
        table, rows = read(tmp_path / "random.csv", content)
    except Unreadable as fault:
        assert str(fault)
        return
    assert [row.number for row in rows] == sorted({row.number for row in rows})
    for row in rows:
        assert row.fault is not None or len(row.cells) >= len(table.header)
