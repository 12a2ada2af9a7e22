"""Where files come from: an upload, or a folder with a manifest that says who may read what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ValidationError

from core.errors import BadInput, ConfigurationError
from core.types import DataClass, Readership


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is to become a document.

    `name` identifies the document and says its type by its suffix; `read` gives the content when
    its turn has come, so that a thousand files are not held in memory at once.
    """

    name: str
    readership: Readership
    department: str
    owner_id: int | None
    byte_count: int
    read: Callable[[], bytes]
    data_class: DataClass = DataClass.INTERNAL


def _data_class(word: Any) -> DataClass:
    return DataClass.named(str(word))


_DataClass = Annotated[DataClass, BeforeValidator(_data_class)]


class _Entry(BaseModel, extra="forbid"):
    path: str
    owner: str
    readers: list[str] | Literal["everyone"]
    data_class: _DataClass | None = None


class _Manifest(BaseModel, extra="forbid"):
    """`data_class` is that of every document whose entry says nothing."""

    data_class: _DataClass = DataClass.INTERNAL
    documents: list[_Entry]


@dataclass(frozen=True, slots=True)
class Owner:
    """Who keeps a document of a folder."""

    id: int
    department: str


def folder_sources(folder: Path, owner_of: Callable[[str], Owner | None]) -> Iterator[Source]:
    """The files that `manifest.yaml` in the folder names, below its `files/`.

    Raises ConfigurationError that names the entry when the manifest does not load, a file is
    missing or lies outside, or an owner is unknown. A file that no entry names is refused too:
    nobody has said who may read it.
    """
    root = folder / "files"
    manifest = _manifest(folder / "manifest.yaml")
    entries = manifest.documents
    unnamed = _files_below(root) - {entry.path for entry in entries}
    if unnamed:
        raise ConfigurationError(
            f"{folder / 'manifest.yaml'} does not say who may read {min(unnamed)}. Add an entry for it."
        )
    for entry in entries:
        path = root / entry.path
        if not path.resolve().is_relative_to(root.resolve()) or not path.is_file():
            raise ConfigurationError(f"{folder / 'manifest.yaml'} names {entry.path}, which is not there.")
        owner = owner_of(entry.owner)
        if owner is None:
            raise ConfigurationError(
                f"{folder / 'manifest.yaml'}: {entry.path} is owned by {entry.owner}, who is not known."
            )
        readers = None if entry.readers == "everyone" else frozenset(entry.readers)
        yield Source(
            name=entry.path,
            readership=Readership(readers),
            department=owner.department,
            owner_id=owner.id,
            byte_count=path.stat().st_size,
            read=path.read_bytes,
            data_class=manifest.data_class if entry.data_class is None else entry.data_class,
        )


def upload_name(department: str, file_name: str) -> str:
    """The name of an uploaded document: each department has a space of its own.

    Raises BadInput when nothing usable is left of the file name.
    """
    base = file_name.replace("\\", "/").rsplit("/", 1)[-1].strip()
    printable = "".join(c for c in base if c.isprintable())
    if not printable.strip(". "):
        raise BadInput("The file has no usable name. Rename it and upload it again.")
    return f"{department}/{printable[-400:]}"


def _manifest(path: Path) -> _Manifest:
    try:
        return _Manifest.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as exc:
        raise ConfigurationError(f"{path} cannot be read ({exc.strerror}).") from exc
    except (yaml.YAMLError, ValidationError) as exc:
        raise ConfigurationError(f"{path} does not load: {exc}") from exc


def _files_below(root: Path) -> set[str]:
    return {
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
