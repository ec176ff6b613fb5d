"""What all tables are made of: one metadata, names by rule, and the columns that come again and again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData
from sqlmodel import Field, SQLModel

from accord.shell.store.columns import Json, UtcDateTime

# Named by rule, so that migrations can drop what they made on every database.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)


class Row(SQLModel):
    """The base of all tables: their own metadata, so that nothing else can slip in."""

    metadata = metadata


# SQLite gives row numbers to INTEGER PRIMARY KEY alone.
NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def id_column() -> Any:
    """The row's own number."""
    return Field(default=None, sa_column=Column(NUMBER, primary_key=True, autoincrement=True))


def number_column(*, index: bool = False, nullable: bool = False) -> Any:
    return Field(sa_column=Column(NUMBER, index=index, nullable=nullable))


def at_column(*, nullable: bool = False, index: bool = False) -> Any:
    if nullable:
        return Field(default=None, sa_column=Column(UtcDateTime, nullable=True, index=index))
    return Field(sa_column=Column(UtcDateTime, nullable=False, index=index))


def json_column(*, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(Json, nullable=nullable))


def bytes_column() -> Any:
    return Field(default=None, sa_column=Column(LargeBinary, nullable=True))
