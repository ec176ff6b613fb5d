"""From a file's header to what is read of each row: columns by name, by --map, or as another tool calls them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from accord.core.model.venue import Venue
from accord.core.model.wording import Wording
from accord.shell.engine.intake.presets import Fields, Preset, canonical

# The fields of a contact's row, beside the venue's own attributes.
CONTACT = (
    "email",
    "external_id",
    "language",
    "zone",
    "collected_at",
    "last_action_at",
    "address_kind",
    "address_state",
    "from_third_party",
    "newsletters_per_month",
)
# What a row says of a question that was put to somebody, and of their leaving.
CONSENT = (
    "consent_purpose",
    "consent_answer",
    "consent_at",
    "consent_form",
    "consent_confirmed_at",
    "unsubscribed",
    "unsubscribed_at",
    "unsubscribed_from",
)
FIELDS = frozenset({*CONTACT, *CONSENT})

# What a preset calls first_name may be declared under another name.
_OTHER_NAMES = {
    "first_name": ("firstname", "prenom"),
    "last_name": ("lastname", "nom"),
    "name": ("full_name",),
}

LEFT_OUT = "-"  # --map COLUMN=-


class HeaderFault(Exception):
    """The header can't be read as it stands; one sentence for each thing that is wrong."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command says of the file: other names of columns, the tool, what holds for every row.

    `mapped`: fields by column. `form`: the wording that was shown to everybody, no more. `purpose`: what the
    file's consents are about, where no column says. `everybody_left`: they all unsubscribed.
    """

    mapped: Mapping[str, str] = field(default_factory=dict)
    preset: Preset | None = None
    form: Wording | None = None
    purpose: str | None = None
    everybody_left: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """How rows are read. `places`: (position, field); `words`: (position, column) of a tool's own words.

    `spare`: further columns of a field, for rows where the first is empty. `nested`: positions of JSON
    objects of attributes. `always`: fields that hold for every row that does not say otherwise.
    """

    wanted: Wanted
    places: tuple[tuple[int, str], ...]
    spare: tuple[tuple[int, str], ...] = ()
    words: tuple[tuple[int, str], ...] = ()
    nested: tuple[int, ...] = ()
    always: Fields = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def known_columns(venue: Venue) -> tuple[str, ...]:
    """The fields that a file may have, in the order in which they are told."""
    return (*CONTACT, *CONSENT, *(name for name in venue.attributes if name not in FIELDS))


def is_column(name: str, wanted: Wanted, venue: Venue) -> bool:
    """Whether a column of this name is one that is looked for."""
    key = canonical(name)
    known = {*map(canonical, known_columns(venue)), *map(canonical, wanted.mapped)}
    if wanted.preset is not None:
        known |= {
            *(each for columns in wanted.preset.fields.values() for each in columns),
            *wanted.preset.words,
        }
    return key in known


def read_header(header: Sequence[str], wanted: Wanted, venue: Venue, file_name: str = "") -> Reading:
    """How to read the rows below this header. Raises HeaderFault with everything that is wrong."""
    names = [canonical(name) for name in header]
    faults = _doubles(header, names)
    chosen, without = _mapped(names, wanted, venue, faults)
    if wanted.preset is not None:
        spare, words, nested = _preset(names, wanted.preset, venue, chosen)
    else:
        spare, words, nested = [], [], []
    _by_name(names, venue, chosen, [*without, *(position for position, _ in (*spare, *words))], wanted)
    faults += _twice(header, chosen)
    if "email" not in chosen.values():
        faults.append(
            f"There is no column «email»; the columns are: {', '.join(header)}. Map one: --map Courriel=email"
        )
    used = {*chosen, *(position for position, _ in (*spare, *words)), *nested, *without}
    rest = [position for position, name in enumerate(names) if position not in used and name]
    if rest and wanted.preset is None:
        faults.append(
            f"Nobody declared: {', '.join(header[each] for each in rest)}. Leave a column out with "
            f'--map "{header[rest[-1]]}=-"; known are: {", ".join(known_columns(venue))}.'
        )
    if faults:
        raise HeaderFault(faults)
    left_out = [
        header[each] or f"column {each + 1}" for each in range(len(header)) if each not in used - without
    ]
    places = tuple((position, name) for position, name in sorted(chosen.items()))
    return Reading(
        wanted,
        places,
        tuple(spare),
        tuple(words),
        tuple(nested),
        _always(names, wanted, file_name),
        tuple(left_out),
        _notes(names, wanted),
    )


def _doubles(header: Sequence[str], names: Sequence[str]) -> list[str]:
    often = Counter(name for name in names if name)
    return [
        f"Several columns are called «{header[names.index(name)]}»: "
        f"{', '.join(str(place + 1) for place, each in enumerate(names) if each == name)}."
        for name, count in often.items()
        if count > 1
    ]


def _mapped(
    names: Sequence[str], wanted: Wanted, venue: Venue, faults: list[str]
) -> tuple[dict[int, str], set[int]]:
    """What --map says: fields by position, and the positions that it leaves out."""
    chosen: dict[int, str] = {}
    without: set[int] = set()
    fields = {canonical(name): name for name in known_columns(venue)}
    for column, name in wanted.mapped.items():
        if canonical(column) not in names:
            faults.append(f"--map names a column «{column}», which the file does not have.")
        elif name == LEFT_OUT:
            without.add(names.index(canonical(column)))
        elif canonical(name) not in fields:
            faults.append(
                f"--map {column}={name}: there is no field «{name}»; known are: {', '.join(fields)}."
            )
        else:
            chosen[names.index(canonical(column))] = fields[canonical(name)]
    return chosen, without


def _preset(
    names: Sequence[str], preset: Preset, venue: Venue, chosen: dict[int, str]
) -> tuple[list[tuple[int, str]], list[tuple[int, str]], list[int]]:
    """Where the tool's columns stand: further ones of a field, its words, its nested attributes."""
    spare: list[tuple[int, str]] = []
    for name, columns in preset.fields.items():
        target = _declared(name, venue)
        found = [names.index(column) for column in columns if column in names]
        free = [position for position in found if position not in chosen]
        if target is None or not free or target in chosen.values():
            continue
        chosen[free[0]] = target
        spare += [(position, target) for position in free[1:]]
    words = [(names.index(column), column) for column in preset.words if column in names]
    nested = [names.index(column) for column in preset.nested if column in names]
    return spare, [(place, column) for place, column in words if place not in chosen], nested


def _declared(name: str, venue: Venue) -> str | None:
    """The field or attribute that goes by this name."""
    if name in FIELDS:
        return name
    return next((each for each in (name, *_OTHER_NAMES.get(name, ())) if each in venue.attributes), None)


def _by_name(
    names: Sequence[str], venue: Venue, chosen: dict[int, str], taken: Sequence[int], wanted: Wanted
) -> None:
    """Columns that are called as our own fields are; what a tool's own columns hold already stays."""
    fields = {canonical(name): name for name in known_columns(venue)}
    for position, name in enumerate(names):
        own = fields.get(name)
        again = wanted.preset is not None and own in chosen.values()
        if own is not None and position not in chosen and position not in taken and not again:
            chosen[position] = own


def _twice(header: Sequence[str], chosen: Mapping[int, str]) -> list[str]:
    often = Counter(chosen.values())
    return [
        f"«{'» and «'.join(header[place] for place, each in sorted(chosen.items()) if each == name)}» "
        f"are all mapped to {name}."
        for name, count in often.items()
        if count > 1
    ]


def _always(names: Sequence[str], wanted: Wanted, file_name: str) -> Fields:
    """What holds for every row, by the kind of file that this is."""
    found: dict[str, str] = {}
    if wanted.preset is not None:
        present = next((said for column, said in wanted.preset.whole_file.items() if column in names), {})
        called = next(
            (said for start, said in wanted.preset.called.items() if file_name.casefold().startswith(start)),
            {},
        )
        found = {**present, **called}
    return {**found, "unsubscribed": "yes"} if wanted.everybody_left else found


def _notes(names: Sequence[str], wanted: Wanted) -> tuple[str, ...]:
    """What the user should know before anybody is written to."""
    preset = wanted.preset
    if preset is None:
        return ()
    notes = []
    if preset.tells_who_left and not wanted.everybody_left and not {*preset.tells_who_left} & {*names}:
        notes.append(
            f"This file does not say who unsubscribed in {preset.title}: export those too, and import them "
            "with --unsubscribed."
        )
    if wanted.purpose is None and wanted.form is None:
        notes.append(
            f"What {preset.title} says of consents is left out; say what they are about with --purpose."
        )
    return tuple(notes)
