"""Artifacts: weights, models and model cards, under any fsspec URL, named by the hash of their content."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterator
from hashlib import blake2b

from fsspec.core import url_to_fs

_NAME = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{38})(\.[a-z0-9.]+)?")


class ArtifactError(ValueError):
    """An artifact that is missing or damaged, or a name that is none."""


class ArtifactStore:
    """Content by name, `ab/abcdef....safetensors`. Equal content has one name, so storing it twice costs nothing.

    >>> store = ArtifactStore("file:///srv/nas/artifacts")
    >>> store.get(store.put(b"weights", ".safetensors"))
    b'weights'
    """

    def __init__(self, url: str) -> None:
        self._fs, root = url_to_fs(url)
        self._root = root.rstrip("/")
        self._is_local = "file" in ([self._fs.protocol] if isinstance(self._fs.protocol, str) else self._fs.protocol)

    def put(self, data: bytes, suffix: str = "") -> str:
        """Store `data`; returns its name. On a local disk the file appears whole or not at all.

        Raises OSError where it cannot be stored: a full disk, a folder that may not be written.
        """
        name = _name(data, suffix)
        path = self._path(name)
        if self.exists(name):
            self._renew(path)
            return name
        self._fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        if self._is_local:
            self._put_local(path, data)
        else:
            self._fs.pipe_file(path, data)
        return name

    def get(self, name: str) -> bytes:
        """The content. Raises ArtifactError where there is none, or where it is not what was stored."""
        path = self._path(name)
        try:
            data: bytes = self._fs.cat_file(path)
        except FileNotFoundError:
            raise ArtifactError(
                f"there is no artifact {name}; it may have been collected as no longer needed"
            ) from None
        if name != _name(data, _suffix(name)):
            raise ArtifactError(f"artifact {name} is damaged: its content does not match its name; train it again")
        return data

    def exists(self, name: str) -> bool:
        return bool(self._fs.exists(self._path(name)))

    def delete(self, name: str) -> None:
        """Remove an artifact; one that is gone already is no error."""
        if self.exists(name):
            self._fs.rm_file(self._path(name))

    def stored_at(self, name: str) -> float:
        """When an artifact was stored, in seconds since the epoch; of one that is gone, the end of time."""
        try:
            return float(self._fs.modified(self._path(name)).timestamp())
        except FileNotFoundError:
            return float("inf")

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Every artifact's name and bytes, in no order."""
        self._fs.invalidate_cache()
        if not self._fs.exists(self._root):
            return
        for path, info in self._fs.find(self._root, detail=True).items():
            name = "/".join(path.split("/")[-2:])
            if _NAME.fullmatch(name):
                yield name, int(info["size"])

    def _path(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ArtifactError(f"{name!r} is no artifact's name; those look like ab/abcdef0123....onnx")
        return f"{self._root}/{name}"

    def _put_local(self, path: str, data: bytes) -> None:
        """Write beside the target, flush to the disk, then rename over it."""
        partial = f"{path}.partial-{os.getpid()}-{threading.get_ident()}"
        try:
            with self._fs.open(partial, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)  # noqa: PTH105 - a path of fsspec's, a string
        except OSError:
            with contextlib.suppress(FileNotFoundError):
                self._fs.rm_file(partial)
            raise

    def _renew(self, path: str) -> None:
        """Content that is stored again counts as new, so that a collection under way leaves it alone."""
        if self._is_local:
            os.utime(path)


def _name(data: bytes, suffix: str) -> str:
    digest = blake2b(data, digest_size=20).hexdigest()
    return f"{digest[:2]}/{digest}{suffix}"


def _suffix(name: str) -> str:
    match = _NAME.fullmatch(name)
    return (match.group(3) or "") if match else ""
