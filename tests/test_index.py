"""The index is found by name, built beside the old one, swapped whole, and rebuilt when it is broken."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import CountingEncoder, build_index, read_passages

from assistant.domain import Passage, Sentence
from assistant.errors import IndexUnavailableError
from assistant.knowledge.index import BrokenIndexError, Index, library_fingerprint, open_or_build
from assistant.knowledge.passages import make_passage

TESTS = Path(__file__).parent


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "data" / "indexes"


def folders(home: Path) -> list[str]:
    return sorted(folder.name for folder in home.iterdir() if folder.is_dir())


def everything_in(home: Path) -> bytes:
    return b"\n".join(file.read_bytes() for file in sorted(home.rglob("*")) if file.is_file()).lower()


def change_article(corpus: Path, old: str, new: str, name: str = "coaches.md") -> None:
    file = corpus / "articles" / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_an_index_holds_every_passage_as_it_was_written(small_corpus: Path, home: Path) -> None:
    index = build_index(small_corpus, home, CountingEncoder())
    passages = {passage.id: passage for passage in read_passages(small_corpus)}
    assert index.passages(list(passages)) == passages
    assert index.passages(["coaches#no-such-section"]) == index.passages([]) == {}
    index.close()


def test_a_second_start_opens_the_index_and_encodes_nothing(small_corpus: Path, home: Path) -> None:
    build_index(small_corpus, home, CountingEncoder()).close()
    built = folders(home)
    encoder = CountingEncoder()
    index = build_index(small_corpus, home, encoder)
    assert encoder.seen == []
    assert folders(home) == built
    assert index.name == library_fingerprint(small_corpus)
    index.close()


def test_after_a_change_only_what_changed_is_encoded_and_the_old_index_goes(small_corpus: Path, home: Path) -> None:
    build_index(small_corpus, home, CountingEncoder()).close()
    change_article(small_corpus, "A coach rarely gives advice.", "A coach seldom gives advice.")
    encoder = CountingEncoder()
    build_index(small_corpus, home, encoder).close()
    assert encoder.seen == [
        "What does a coach do? A coach asks questions that help somebody think. A coach seldom gives advice."
    ]
    assert folders(home) == [name for name in folders(home) if name.startswith(library_fingerprint(small_corpus))]
    assert len(folders(home)) == 1


def test_a_list_that_changes_makes_a_new_index_that_encodes_nothing(small_corpus: Path, home: Path) -> None:
    build_index(small_corpus, home, CountingEncoder()).close()
    before = library_fingerprint(small_corpus)
    file = small_corpus / "sources.toml"
    file.write_text(file.read_text(encoding="utf-8") + "\n[gamma]\ntitle = 'Gamma'\n", encoding="utf-8")
    encoder = CountingEncoder()
    index = build_index(small_corpus, home, encoder)
    assert index.name != before
    assert encoder.seen == []
    index.close()


def build_and_close(corpus: Path, home: Path) -> None:
    build_index(corpus, home, CountingEncoder()).close()


def test_the_text_of_a_removed_article_is_nowhere_on_the_disk(small_corpus: Path, home: Path) -> None:
    build_index(small_corpus, home, CountingEncoder()).close()
    assert b"zanzibarian" in everything_in(home)
    (small_corpus / "articles" / "mentors.md").unlink()
    # In a process of its own, as each start is: Chroma's graph file may hold what the building process had in its memory.
    rebuild = multiprocessing.get_context("spawn").Process(target=build_and_close, args=(small_corpus, home))
    rebuild.start()
    rebuild.join()
    assert rebuild.exitcode == 0
    assert b"zanzibar" not in everything_in(home)
    assert b"rarely gives advice" in everything_in(home)


def test_an_index_that_somebody_has_open_stays_until_a_later_build_finds_it_free(
    small_corpus: Path, home: Path
) -> None:
    old = build_index(small_corpus, home, CountingEncoder())
    change_article(small_corpus, "rarely", "seldom")
    build_index(small_corpus, home, CountingEncoder()).close()
    assert "rarely" in old.passages(["coaches#what-does-a-coach-do"])["coaches#what-does-a-coach-do"].text
    old.close()
    change_article(small_corpus, "seldom", "never")
    build_index(small_corpus, home, CountingEncoder()).close()
    assert len(folders(home)) == 1


# --- broken indexes ---------------------------------------------------------------------------------------------------


def many_passages() -> list[Passage]:
    """Enough of them that Chroma writes its graph to files of its own."""
    return [
        make_passage("many", "Many", f"Heading {n}", (Sentence(f"Sentence {n} says word{n} and word{n % 7}."),), ())
        for n in range(1_100)
    ]


def open_large(home: Path, encoder: CountingEncoder) -> Index:
    return open_or_build(
        "large",
        many_passages,
        home,
        encoder,
        lambda done, total: None,
        lambda: None,  # type: ignore[arg-type]
    )


def truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def break_and_reopen(home: Path, name: str, harm: Callable[[Path], None], reopen: Callable[[], Index]) -> Index:
    """Harms every file called `name` in the index in `home`, sees that this is noticed, and opens it once more."""
    victims = sorted(home.rglob(name))
    assert victims, name
    broken = folders(home)
    for victim in victims:
        harm(victim)
    with pytest.raises(BrokenIndexError):
        Index(home / broken[0])
    index = reopen()
    assert len(folders(home)) == 1
    assert folders(home) != broken
    return index


@pytest.mark.parametrize("harm", [Path.unlink, truncate], ids=["deleted", "cut in half"])
@pytest.mark.parametrize(
    "name", ["chroma.sqlite3", "about.json", "data.csc.index.npy", "vocab.index.json", "params.index.json"]
)
def test_a_broken_file_is_noticed_and_the_index_built_anew(
    small_corpus: Path, home: Path, name: str, harm: Callable[[Path], None]
) -> None:
    build_index(small_corpus, home, CountingEncoder()).close()
    index = break_and_reopen(home, name, harm, lambda: build_index(small_corpus, home, CountingEncoder()))
    assert "mentors#who-chooses-the-zanzibarian-mentor" in index.wordwise("zanzibarian", 5)
    index.close()


@pytest.mark.parametrize("harm", [Path.unlink, truncate], ids=["deleted", "cut in half"])
def test_a_broken_graph_is_noticed_and_the_index_built_anew(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    home = tmp_path / "indexes"
    open_large(home, CountingEncoder()).close()
    index = break_and_reopen(home, "data_level0.bin", harm, lambda: open_large(home, CountingEncoder()))
    assert len(index.passages([passage.id for passage in many_passages()])) == len(many_passages())
    index.close()


def test_another_distance_than_cosine_is_noticed(small_corpus: Path, home: Path) -> None:
    import chromadb
    from chromadb.config import Settings

    build_index(small_corpus, home, CountingEncoder()).close()
    folder = home / folders(home)[0]
    passages = read_passages(small_corpus)
    client = chromadb.PersistentClient(str(folder / "chroma"), Settings(anonymized_telemetry=False))
    client.delete_collection("passages")
    collection = client.create_collection("passages", embedding_function=None, configuration={"hnsw": {"space": "l2"}})
    collection.add(
        ids=[passage.id for passage in passages],
        embeddings=CountingEncoder().encode([passage.text for passage in passages]),  # type: ignore[arg-type]
    )
    client.close()
    # As if it had been built like that: the sizes of the files are in order.
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    sizes = {str(file.relative_to(folder)): file.stat().st_size for file in (folder / "chroma").glob("*/*")}
    about["sizes"] = {key: size for key, size in about["sizes"].items() if key.startswith("bm25")} | sizes
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(BrokenIndexError, match="cosine"):
        Index(folder)


def test_similarities_are_cosines_whatever_the_length_of_the_vector(small_corpus: Path, home: Path) -> None:
    encoder = CountingEncoder()
    index = build_index(small_corpus, home, encoder)
    (passage,) = index.passages(["mentors#what-does-a-mentor-do"]).values()
    vector = encoder.encode([f"{passage.section} {passage.text}"])[0]
    for scale in (1.0, 3.0):
        nearest = index.nearest_passages(np.float32(scale) * vector, 4)
        assert next(iter(nearest)) == passage.id
        assert nearest[passage.id] == pytest.approx(1.0, abs=1e-4)
    opposite = index.nearest_passages(-vector, 4)
    assert opposite[passage.id] == pytest.approx(-1.0, abs=1e-4)
    index.close()


def test_a_word_that_the_library_does_not_have_finds_nothing(small_corpus: Path, home: Path) -> None:
    index = build_index(small_corpus, home, CountingEncoder())
    assert index.wordwise("xylophone", 5) == {}
    assert index.wordwise("", 5) == {}
    assert list(index.wordwise("zanzibarian xylophone", 5)) == ["mentors#who-chooses-the-zanzibarian-mentor"]
    assert set(index.weigh("zanzibarian xylophone")) == {"zanzibarian"}
    index.close()


# --- interrupted and simultaneous builds ------------------------------------------------------------------------------

# Builds in children forked from one process that has the slow imports behind it. Each child is killed a little later
# in its work than the one before; what it left is then looked at by another child.
KILLER = """
    import os, shutil, signal, sys, time
    from pathlib import Path
    import bm25s, chromadb, Stemmer
    from conftest import CountingEncoder, build_index, read_passages
    from assistant.knowledge.index import Index, library_fingerprint

    old_corpus, new_corpus, base = map(Path, sys.argv[1:4])
    moments = int(sys.argv[4])

    def child(work):
        pid = os.fork()
        if pid == 0:
            try:
                work()
                os._exit(0)
            except BaseException as error:
                print("FAILED", repr(error), flush=True)
                os._exit(1)
        return pid

    def build(corpus, home, pause=0.0):
        build_index(corpus, home, CountingEncoder(pause)).close()

    def look(home):
        finished = [f for f in home.iterdir() if f.is_dir() and not f.name.startswith(("building.", "removing."))]
        names = {f.name.split(".")[0] for f in finished}
        assert names & {library_fingerprint(old_corpus), library_fingerprint(new_corpus)}, "no index is left"
        for folder in finished:
            index = Index(folder)
            corpus = old_corpus if index.name == library_fingerprint(old_corpus) else new_corpus
            passages = {p.id: p for p in read_passages(corpus)}
            assert index.passages(list(passages)) == passages, "half an index"
            index.close()
        print("NEW" if library_fingerprint(new_corpus) in names else "OLD", flush=True)
        build(new_corpus, home)
        left = [f.name for f in home.iterdir() if f.is_dir()]
        assert len(left) == 1 and left[0].startswith(library_fingerprint(new_corpus)), left

    first = base / "first"
    os.waitpid(child(lambda: build(old_corpus, first)), 0)
    trial = base / "trial"
    shutil.copytree(first, trial)
    started = time.monotonic()
    os.waitpid(child(lambda: build(new_corpus, trial, 0.02)), 0)
    whole = time.monotonic() - started
    for moment in range(moments):
        home = base / f"home{moment}"
        shutil.copytree(first, home)
        pid = child(lambda: build(new_corpus, home, 0.02))
        time.sleep(whole * (moment + 0.5) / moments)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.waitpid(child(lambda: look(home)), 0)
"""


def run_script(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])},
    )  # fmt: skip


def test_a_build_killed_at_any_moment_leaves_the_old_index_or_the_new_and_never_a_half(
    small_corpus: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(small_corpus, changed)
    change_article(changed, "rarely", "seldom")
    change_article(changed, "zanzibarian", "tanzanian", "mentors.md")
    moments = 14
    process = run_script(KILLER, small_corpus, changed, tmp_path, moments)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "FAILED" not in out, out
    outcomes = out.split()
    assert len(outcomes) == moments
    assert "OLD" in outcomes


STARTER = """
    import sys
    from pathlib import Path
    from conftest import CountingEncoder, build_index
    encoder, waited = CountingEncoder(0.1), []
    index = build_index(Path(sys.argv[1]), Path(sys.argv[2]), encoder, lambda: waited.append(True))
    assert index.wordwise("zanzibarian", 3)
    print(len(encoder.seen))
"""


def test_two_that_start_at_once_both_get_an_index_and_one_builds_it(small_corpus: Path, home: Path) -> None:
    processes = [run_script(STARTER, small_corpus, home) for _ in range(2)]
    results = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], results
    assert sorted(int(out) > 0 for out, _ in results) == [False, True]
    assert len(folders(home)) == 1


# --- the disk ---------------------------------------------------------------------------------------------------------


def mounted(folder: Path, options: str) -> bool:
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
    )
    return done.returncode == 0


def one_sentence_with_the_way_out(error: BaseException) -> bool:
    text = str(error)
    return "COACH_OR_MENTOR_DATA_DIR" in text and "\n" not in text and text.endswith(".")


# From a disk that has no room for the first file to one that nearly has room for all.
@pytest.mark.parametrize("kilobytes", [8, 100, 250, 400])
def test_a_full_disk_is_reported_in_one_sentence_with_the_way_out(
    small_corpus: Path, tmp_path: Path, kilobytes: int
) -> None:
    disk = tmp_path / "disk"
    if not mounted(disk, f"size={kilobytes}k"):
        pytest.skip("a small disk can be mounted only as root on Linux")
    try:
        with pytest.raises(IndexUnavailableError, match="full") as caught:
            build_index(small_corpus, disk / "indexes", CountingEncoder())
        assert one_sentence_with_the_way_out(caught.value)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_folder_that_cannot_be_written_is_reported_in_one_sentence_with_the_way_out(
    small_corpus: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    if os.geteuid() == 0:  # root may write anywhere but on a disk that is read-only
        if not mounted(disk, "ro"):
            pytest.skip("a read-only disk can be mounted only as root on Linux")
    else:
        disk.mkdir(mode=0o500)
    try:
        with pytest.raises(IndexUnavailableError) as caught:
            build_index(small_corpus, disk / "indexes", CountingEncoder())
        assert one_sentence_with_the_way_out(caught.value)
    finally:
        if os.geteuid() == 0:
            subprocess.run(["umount", str(disk)], check=True)


def test_a_file_where_the_folder_should_be_is_reported_too(small_corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder", encoding="utf-8")
    with pytest.raises(IndexUnavailableError) as caught:
        build_index(small_corpus, tmp_path / "data" / "indexes", CountingEncoder())
    assert one_sentence_with_the_way_out(caught.value)
