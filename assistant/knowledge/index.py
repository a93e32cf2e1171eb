"""The index: passages in Chroma for meaning, in bm25s for words; disposable, and swapped whole.

    home/
      build.lock                 held while somebody builds
      <fingerprint>.<random>/    one finished index: chroma/, bm25/, vectors.npz, about.json, in_use
      building.<random>/         one that is being built, or was when its builder was killed
      removing.<random>/         one that is being removed, or was

An index is named after what decides its content: the library's files, the encoder, and the form of the index. So an
unchanged library is found by name, a changed one gets a fresh index beside the old, and what comes into being
under the final name is complete: the last step is a rename. Vectors of unchanged texts are taken over from the
indexes that are there. An index is removed when its library is no longer the current one and nobody has it open.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import math
import re
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import numpy as np

from assistant.domain import Passage, Sentence
from assistant.encoder import ENCODER_NAME, OnnxEncoder, Vectors
from assistant.errors import AssistantError, IndexUnavailableError, LibraryError
from assistant.knowledge.articles import article_files
from assistant.knowledge.words import stems

FORMAT = 4
# Two collections: what passages say, and how people ask for them (heading and phrasings, several to a passage).
PASSAGES, PHRASINGS = "passages", "phrasings"

Progress = Callable[[int, int], None]
"""Called with how many texts are embedded and how many there are."""


class BrokenIndexError(Exception):
    """An index on disk that cannot be used; it is rebuilt, so nobody but this module sees this."""


class Index:
    """A finished index, open for reading. Several threads may search it at once.

    `words` are the library's words, each with how often it occurs.
    """

    def __init__(self, folder: Path) -> None:
        """Opens and probes the index in `folder`. Raises BrokenIndexError when anything is not as it was built."""
        import bm25s
        import chromadb
        from chromadb.config import Settings

        self.folder = folder
        self.name = folder.name.split(".")[0]
        self._client: Any = None
        self._in_use: IO[bytes] | None = None
        try:
            self._in_use = (folder / "in_use").open("rb")
            fcntl.flock(self._in_use, fcntl.LOCK_SH)
            about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
            # Chroma takes its process down with it when a file of a graph is cut short, so that is looked at first.
            if about["sizes"] != _sizes(folder):
                raise BrokenIndexError("a file has not the size it was written with")
            self._client = chromadb.PersistentClient(str(folder / "chroma"), Settings(anonymized_telemetry=False))
            self._passages = self._client.get_collection(PASSAGES, embedding_function=None)
            self._phrasings = self._client.get_collection(PHRASINGS, embedding_function=None)
            self._bm25 = bm25s.BM25.load(folder / "bm25", mmap=True, show_progress=False)
            self._bm25_ids: list[str] = about["passages"]
            self.words: dict[str, int] = about["words"]
            self._probe(about)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # Chroma's Rust side raises its panics past Exception
            self.close()  # or the broken index would count as in use, and never be removed
            raise BrokenIndexError(f"{folder}: {error!r}") from error

    def _probe(self, about: dict[str, Any]) -> None:
        for collection, count in ((self._passages, len(about["passages"])), (self._phrasings, about["phrasings"])):
            if collection.configuration["hnsw"]["space"] != "cosine":
                raise BrokenIndexError("the distance is not cosine")
            if collection.count() != count:
                raise BrokenIndexError("records are missing")
        vector = np.array(about["probe_vector"], np.float32)
        if about["probe_id"] not in self.nearest_passages(vector, 5) or not self.nearest_phrasings(vector, 5):
            raise BrokenIndexError("the probe was not found")
        if not self.passages([about["probe_id"]]):
            raise BrokenIndexError("the probe has no passage")

    def nearest_passages(self, vector: Vectors, limit: int) -> dict[str, float]:
        """Passage ids with the cosine similarity of what they say to the query vector, best first."""
        return _nearest(self._passages, vector, limit)

    def nearest_phrasings(self, vector: Vectors, limit: int) -> dict[str, float]:
        """Passage ids with the highest cosine similarity of a way of asking for them, best first.

        `limit` counts phrasings, so there are fewer passages.
        """
        found: dict[str, float] = {}
        for phrasing, similarity in _nearest(self._phrasings, vector, limit).items():
            found.setdefault(phrasing.partition("?")[0], similarity)
        return found

    def wordwise(self, query: str, limit: int) -> dict[str, float]:
        """Passage ids with BM25 score, best first; empty when no word of the query occurs."""
        words = [stem for stem in stems([query])[0] if stem in self._bm25.vocab_dict]
        if not words:
            return {}
        scores = self._bm25.get_scores(words)
        best = np.argpartition(-scores, min(limit, len(scores)) - 1)[:limit]
        ranked = sorted((row for row in best if scores[row] > 0), key=lambda row: -scores[row])
        return {self._bm25_ids[row]: float(scores[row]) for row in ranked}

    def weigh(self, text: str) -> dict[str, float]:
        """The stems of a text that the library knows, each with its inverse document frequency (as BM25 has it)."""
        known = {stem: self._bm25.vocab_dict[stem] for stem in stems([text])[0] if stem in self._bm25.vocab_dict}
        starts = self._bm25.scores["indptr"]
        documents = len(self._bm25_ids)
        counts = {stem: int(starts[row + 1] - starts[row]) for stem, row in known.items()}
        return {stem: math.log(1 + (documents - n + 0.5) / (n + 0.5)) for stem, n in counts.items()}

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """The passages with these ids; an id that is not there is left out."""
        if not ids:
            return {}
        result = self._passages.get(ids=list(ids), include=["metadatas"])
        assert result["metadatas"] is not None
        return {
            record: _passage_from_json(str(metadata["passage"]))
            for record, metadata in zip(result["ids"], result["metadatas"], strict=True)
        }

    def close(self) -> None:
        """Lets go of the files, so that a later build may remove them."""
        for held in (self._client, self._in_use):
            if held is not None:  # an index that did not open may lack them
                with contextlib.suppress(Exception):
                    held.close()


def open_or_build(
    fingerprint: str,
    read_passages: Callable[[], list[Passage]],
    home: Path,
    encoder: OnnxEncoder,
    progress: Progress,
    waiting: Callable[[], None],
    build_apart: Callable[[], None] | None = None,
) -> Index:
    """The index for a library, built first when there is none that works.

    `read_passages` is called only when it must be built; `waiting` when another process is building. `build_apart`, where
    given, has another process build it: what Chroma writes can hold whatever lies in the memory of the process that writes, so
    one that has seen a message must not. Raises IndexUnavailableError when the disk is full, or the folder cannot be written.
    """
    index = _open_existing(home, fingerprint)
    if index is None and build_apart is not None:
        build_apart()
        index = _open_existing(home, fingerprint)
        if index is None:
            raise IndexUnavailableError("The library changed while it was being read: try again.")
    if index is not None:
        _finish_removing(home, keep=index.folder)
        return index
    with _readable_disk_errors(home):
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _build_lock(home, waiting):
            index = _open_existing(home, fingerprint)  # somebody may have built it while we waited
            if index is None:
                for leftover in home.glob("building.*"):
                    shutil.rmtree(leftover, ignore_errors=True)
                folder = _build(fingerprint, read_passages(), home, encoder, progress)
                index = Index(folder)
                _remove_others(home, keep=folder)
    return index


def library_fingerprint(corpus: Path) -> str:
    """What decides an index's content, in 16 hexadecimal digits: the library's files, the encoder, the form."""
    digest = hashlib.sha256(f"{FORMAT} {ENCODER_NAME} {version('chromadb')} {version('bm25s')}".encode())
    for file in sorted([*article_files(corpus), *corpus.glob("*.toml")]):
        try:
            content = file.read_bytes()
        except OSError as error:
            raise LibraryError(f"{file}: cannot be read ({error.strerror}).") from error
        digest.update(f"\n{file.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _open_existing(home: Path, fingerprint: str) -> Index | None:
    for folder in sorted(home.glob(f"{fingerprint}.*")):
        with contextlib.suppress(BrokenIndexError):
            return Index(folder)
    return None


def _build(fingerprint: str, passages: list[Passage], home: Path, encoder: OnnxEncoder, progress: Progress) -> Path:
    import bm25s
    import chromadb
    from chromadb.config import Settings

    folder = home / f"building.{uuid.uuid4().hex[:8]}"
    folder.mkdir(mode=0o700)
    said = {passage.id: embedded_text(passage) for passage in passages}
    asked = {
        f"{passage.id}?{number}": phrasing
        for passage in passages
        for number, phrasing in enumerate((passage.section, *passage.phrasings))
    }
    vectors = _embed([*said.values(), *asked.values()], home, folder, encoder, progress)

    client: Any = chromadb.PersistentClient(str(folder / "chroma"), Settings(anonymized_telemetry=False))
    stored: list[Any] = [{"passage": json.dumps(asdict(passage))} for passage in passages]
    _fill(client, PASSAGES, said, vectors[: len(said)], stored)
    _fill(client, PHRASINGS, asked, vectors[len(said) :], None)
    client.close()

    words = bm25s.BM25()
    words.index(stems([" ".join((p.title, p.section, *p.phrasings, p.text)) for p in passages]), show_progress=False)
    words.save(folder / "bm25", show_progress=False)
    counted = Counter(word for passage in passages for word in re.findall(r"[a-z]{3,}", passage.text.lower()))
    about = {
        "fingerprint": fingerprint,
        "encoder": ENCODER_NAME,
        "passages": [passage.id for passage in passages],
        "phrasings": len(asked),
        "words": counted,
        "probe_id": passages[0].id,
        "probe_vector": vectors[0].tolist(),
        "sizes": _sizes(folder),
    }
    (folder / "in_use").touch()
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    final = home / f"{fingerprint}.{folder.name.partition('.')[2]}"
    folder.rename(final)
    return final


def _fill(client: Any, name: str, texts: dict[str, str], vectors: Vectors, metadatas: list[Any] | None) -> None:
    collection = client.create_collection(name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}})
    ids, documents = list(texts), list(texts.values())
    batch = client.get_max_batch_size()
    for start in range(0, len(ids), batch):
        part = slice(start, start + batch)
        collection.upsert(
            ids=ids[part],
            embeddings=vectors[part],
            documents=documents[part],
            metadatas=metadatas[part] if metadatas else None,
        )


def _sizes(folder: Path) -> dict[str, int]:
    """The files that nothing writes to once an index is finished, with their sizes (SQLite tidies up its own)."""
    files = [*(folder / "chroma").glob("*/*"), *(folder / "bm25").iterdir()]
    return {str(file.relative_to(folder)): file.stat().st_size for file in files}


def _nearest(collection: Any, vector: Vectors, limit: int) -> dict[str, float]:
    result = collection.query(query_embeddings=[vector], n_results=limit, include=["distances"])
    return {record: 1.0 - distance for record, distance in zip(result["ids"][0], result["distances"][0], strict=True)}


def embedded_text(passage: Passage) -> str:
    """What the encoder sees of a passage."""
    return f"{passage.section} {passage.text}"


def _embed(texts: list[str], home: Path, folder: Path, encoder: OnnxEncoder, progress: Progress) -> Vectors:
    """A vector a text, taken over by content hash from the indexes in `home` where they have it."""
    keys = [hashlib.sha256(f"{ENCODER_NAME}\n{text}".encode()).hexdigest() for text in texts]
    known: dict[str, Vectors] = {}
    for file in home.glob("*/vectors.npz"):
        with contextlib.suppress(Exception):  # a damaged file costs time, not the build
            with np.load(file) as stored:
                known.update(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    done = len(texts) - len(missing)
    progress(done, len(texts))

    def count(finished: int) -> None:
        nonlocal done
        done += finished
        progress(done, len(texts))

    if missing:
        known.update(zip(missing, encoder.encode_many(list(missing.values()), count), strict=True))
    vectors = np.stack([known[key] for key in keys]).astype(np.float32)
    np.savez(folder / "vectors.npz", keys=np.array(keys), vectors=vectors)
    return vectors


def _finish_removing(home: Path, keep: Path) -> None:
    """Removes what a build that was killed at its very end could not; somebody who is building now does it too."""
    if any(folder.is_dir() for folder in home.glob("*.*") if folder != keep):
        with contextlib.suppress(OSError), (home / "build.lock").open("wb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove_others(home, keep)


def _remove_others(home: Path, keep: Path) -> None:
    """Removes every other index that nobody has open; one in use goes when a later build finds it free."""
    for folder in home.glob("*.*"):
        if folder == keep or not folder.is_dir():
            continue
        try:
            with (folder / "in_use").open("rb") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                nameless = folder.rename(home / f"removing.{folder.name.partition('.')[2]}")
                shutil.rmtree(nameless, ignore_errors=True)
        except BlockingIOError:
            continue
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _build_lock(home: Path, waiting: Callable[[], None]) -> Iterator[IO[bytes]]:
    """One builder at a time; the lock goes with its process, however that ends."""
    with (home / "build.lock").open("wb") as handle:
        told = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    waiting()
                    told = True
                time.sleep(0.2)
        yield handle


@contextlib.contextmanager
def _readable_disk_errors(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        way_out = "set COACH_OR_MENTOR_DATA_DIR to a folder that can be written"
        if error.errno == errno.ENOSPC:
            raise IndexUnavailableError(
                f"The disk that holds {home} is full: free some space, or {way_out}."
            ) from error
        raise IndexUnavailableError(f"The index cannot be kept in {home} ({error.strerror}): {way_out}.") from error
    except AssistantError:
        raise
    except Exception as error:
        # Chroma reports a full disk in words of its own, not always the same.
        if _is_full(home):
            raise IndexUnavailableError(
                f"The disk that holds {home} is full: free some space, or set COACH_OR_MENTOR_DATA_DIR to another folder."
            ) from error
        raise


def _is_full(home: Path) -> bool:
    return shutil.disk_usage(home).free < 1_000_000


def _passage_from_json(text: str) -> Passage:
    data = json.loads(text)
    data["sentences"] = tuple(Sentence(s["text"], tuple(s["sources"])) for s in data["sentences"])
    data["phrasings"] = tuple(data["phrasings"])
    return Passage(**data)
